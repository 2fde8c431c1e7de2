package values

import (
	"fmt"
	"strings"
)

// Position is where a person wrote something. Lines and columns count from 1; the
// zero Position is unknown.
type Position struct {
	File string
	Line int
	Col  int
	// below says how the lines of a text behind its first one stand: so many columns to
	// the right, or scattered.
	below int16
}

// scattered means that the characters of a text cannot be found one by one.
const scattered = -1

// Equal reports that two positions are the same place.
func (p Position) Equal(q Position) bool {
	return p.File == q.File && p.Line == q.Line && p.Col == q.Col
}

// Indented says that the lines of a text at p, but its first, are indented by so many columns.
func (p Position) Indented(columns int) Position {
	p.below = int16(min(columns, 1000))
	return p
}

// Scattered says that the characters of a text at p stand elsewhere in the file than the
// text makes believe, because it was folded or holds escapes.
func (p Position) Scattered() Position {
	p.below = scattered
	return p
}

// Within gives the position of a character of the text at p, by its offset in bytes. Where
// that cannot be told it is p.
func (p Position) Within(text string, offset int) Position {
	if p.below == scattered {
		return p
	}
	before := text[:min(offset, len(text))]
	lines := strings.Count(before, "\n")
	p.Line += lines
	if lines > 0 || p.Col == 0 {
		p.Col = 1
	}
	if lines > 0 {
		p.Col += int(p.below)
	}
	p.Col += Length(before[strings.LastIndexByte(before, '\n')+1:])
	return p
}

// String gives file:line:col, as editors understand it, without the parts that are unknown.
func (p Position) String() string {
	switch {
	case p.File == "" && p.Line == 0:
		return ""
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Note is what is known of a value beside the value itself.
type Note struct {
	// Unsafe marks what came from a host, a lookup or an inventory script, and
	// what a person marked !unsafe: it is never read as a template.
	Unsafe bool
	// Secret marks what must not be shown.
	Secret bool
	// Verbatim marks text that is never read back as a list, map or bool.
	Verbatim bool
	// Pos is where it was written.
	Pos Position
}

// Unsafe reports whether v must never be read as a template.
func (v Value) Unsafe() bool { return v.note != nil && v.note.Unsafe }

// Secret reports whether v must not be shown.
func (v Value) Secret() bool { return v.note != nil && v.note.Secret }

// Pos is where v was written; the zero Position where that is not known.
func (v Value) Pos() Position {
	if v.note == nil {
		return Position{}
	}
	return v.note.Pos
}

// At gives v with its position.
func (v Value) At(pos Position) Value {
	return v.annotate(func(n *Note) { n.Pos = pos })
}

// MarkUnsafe gives a copy of v, and of all that it contains, marked as data from outside.
func (v Value) MarkUnsafe() Value { return v.mark(func(n *Note) { n.Unsafe = true }) }

// MarkSecret gives a copy of v, and of all that it contains, marked as secret.
func (v Value) MarkSecret() Value { return v.mark(func(n *Note) { n.Secret = true }) }

// Inherit gives v with the marks (not the position) of the values it was made from.
func (v Value) Inherit(from ...Value) Value {
	var unsafe, secret bool
	for _, f := range from {
		unsafe = unsafe || f.Unsafe()
		secret = secret || f.Secret()
	}
	if !unsafe && !secret {
		return v
	}
	return v.annotate(func(n *Note) {
		n.Unsafe = n.Unsafe || unsafe
		n.Secret = n.Secret || secret
	})
}

func (v Value) annotate(change func(*Note)) Value {
	var n Note
	if v.note != nil {
		n = *v.note
	}
	change(&n)
	v.note = &n
	return v
}

func (v Value) mark(change func(*Note)) Value {
	switch d := v.data.(type) {
	case *List:
		items := make([]Value, len(d.Items))
		for i, item := range d.Items {
			items[i] = item.mark(change)
		}
		v.data = &List{Items: items, Tuple: d.Tuple}
	case *Map:
		m := NewMap(d.Len())
		for key, item := range d.All() {
			m.SetKey(key.mark(change), item.mark(change))
		}
		v.data = m
	}
	return v.annotate(change)
}
