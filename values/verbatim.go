package values

// Verbatim reports whether v is text that was asked for as text, as by the filter
// to_json: it is never read back as the list, map or bool that it looks like.
func (v Value) Verbatim() bool { return v.note != nil && v.note.Verbatim }

// MarkVerbatim gives v as text that stays text. The mark is lost as soon as something
// new is made of it.
func (v Value) MarkVerbatim() Value { return v.annotate(func(n *Note) { n.Verbatim = true }) }
