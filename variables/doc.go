// Package variables knows the value of every variable for a host and a task: the layers
// that variables come from, which of them wins, the magic variables, and the templating
// of whatever a playbook wrote.
//
// A Store holds what is known in a run; a Scope is the view of one task on one host.
// Nothing is merged ahead: a Scope looks a name up in layer after layer when a template
// asks for it, renders what it finds, and remembers it. So the cost of a task does not
// grow with the number of variables.
//
// What comes from a host or a lookup is marked unsafe and never read as a template.
package variables
