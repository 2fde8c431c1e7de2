// Package jinja is the template language as Jinja2 has it: lexer, parser and
// evaluation over values.Value with Python's semantics. It knows nothing of hosts or
// playbooks; callers add their filters, tests and globals, and give each render a
// Scope in which names are looked up only when a template uses them.
//
// Compile once, render often: compiled templates and expressions are immutable and
// safe for concurrent use.
//
// An undefined name is an error as soon as its value is needed, and an attribute of
// something undefined is undefined too, so that {{ a.b.c | default('x') }} works and
// {{ a.b }} says which name is missing.
//
// Differences from Jinja2: what is lazy there (map, select, range, dict.items) is a list;
// there is no Markup type, so that {{ x | e | e }} escapes twice; autoescape and line
// statements do not exist; do, break and continue always work.
//
// Results inherit the Unsafe and Secret marks of the values they were made from.
package jinja
