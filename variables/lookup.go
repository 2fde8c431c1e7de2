package variables

import "github.com/gdeploy/gdeploy/values"

// Lookup finds data on the controller for lookup('name', ...), query and with_name.
// What it gives is marked unsafe by the caller.
type Lookup interface {
	// Run gives one result list. terms are rendered already.
	Run(q Query) ([]values.Value, error)
}

// Query is one use of a lookup.
type Query struct {
	Scope *Scope
	Terms []values.Value
	// Options are the keyword arguments.
	Options *values.Map
}
