package yaml

import (
	"fmt"
	"strings"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/gdeploy/gdeploy/values"
)

// maxExpanded bounds how many values a document may stand for after its aliases are
// followed, so that a few lines cannot fill the memory of whoever walks the result.
const maxExpanded = 4_000_000

// constructor turns nodes into values.
type constructor struct {
	src      []byte
	lines    []string // of src, once somebody asks for them
	file     string
	anchored map[*goyaml.Node]*anchored
	size     int // values so far, with aliases followed
	errs     []error
	warnings []Warning
}

// anchored is the value of a node that aliases may name.
type anchored struct {
	value values.Value
	size  int
	done  bool
}

func newConstructor(src []byte, file string) *constructor {
	return &constructor{src: src, file: file, anchored: map[*goyaml.Node]*anchored{}}
}

func (c *constructor) pos(n *goyaml.Node) values.Position {
	return values.Position{File: c.file, Line: n.Line, Col: n.Column}
}

// maxErrors bounds how many mistakes of one document are worth telling.
const maxErrors = 20

func (c *constructor) fail(n *goyaml.Node, hint, format string, args ...any) values.Value {
	if len(c.errs) >= maxErrors {
		return values.Null.At(c.pos(n))
	}
	e := NewError(c.src, c.pos(n), fmt.Sprintf(format, args...))
	e.Hint = hint
	c.errs = append(c.errs, e)
	return values.Null.At(c.pos(n))
}

// value gives a node's value with its position. Mistakes are collected.
func (c *constructor) value(n *goyaml.Node) values.Value {
	if n.Kind == goyaml.AliasNode {
		return c.alias(n)
	}
	before := c.size
	c.size++
	if n.Anchor == "" {
		return c.build(n).At(c.place(n))
	}
	a := &anchored{}
	c.anchored[n] = a
	a.value = c.build(n).At(c.place(n))
	a.size, a.done = c.size-before, true
	return a.value
}

// alias gives the value of the anchor; as in Python, both share one list or map.
func (c *constructor) alias(n *goyaml.Node) values.Value {
	a := c.anchored[n.Alias]
	if a == nil || !a.done {
		return c.fail(n, "", "*%s stands inside the value that it names", n.Value)
	}
	if !c.grow(n, a.size) {
		return values.Null
	}
	return a.value.At(c.pos(n).Scattered())
}

// grow counts values that come by reference and says whether there is room for them.
func (c *constructor) grow(n *goyaml.Node, by int) bool {
	if c.size > maxExpanded {
		return false // already reported
	}
	if c.size += by; c.size > maxExpanded {
		c.fail(n, "", "the aliases of this document stand for more than %d values", maxExpanded)
		return false
	}
	return true
}

func (c *constructor) build(n *goyaml.Node) values.Value {
	if n.Style&goyaml.TaggedStyle != 0 {
		return c.tagged(n)
	}
	return c.untagged(n)
}

func (c *constructor) untagged(n *goyaml.Node) values.Value {
	switch n.Kind {
	case goyaml.SequenceNode:
		return c.list(n)
	case goyaml.MappingNode:
		return values.FromMap(c.mapping(n))
	}
	if n.Style&(goyaml.DoubleQuotedStyle|goyaml.SingleQuotedStyle|goyaml.LiteralStyle|goyaml.FoldedStyle) != 0 {
		return values.String(n.Value)
	}
	return c.scalar(n, plain)
}

func (c *constructor) scalar(n *goyaml.Node, parse func(string) (values.Value, error)) values.Value {
	if n.Kind != goyaml.ScalarNode {
		return c.fail(n, "", "the tag %s wants a single value here", n.Tag)
	}
	v, err := parse(n.Value)
	if err != nil {
		return c.fail(n, "", "%s", err)
	}
	return v
}

func (c *constructor) list(n *goyaml.Node) values.Value {
	items := make([]values.Value, len(n.Content))
	for i, item := range n.Content {
		items[i] = c.value(item)
	}
	return values.FromSlice(items)
}

// mapping gives the map of a mapping node: first what << merges into it, then its own
// keys, as Ansible orders them. Of a key that is given twice the last one counts.
func (c *constructor) mapping(n *goyaml.Node) *values.Map {
	own := values.NewMap(len(n.Content) / 2)
	var merges []*values.Map
	for i := 0; i+1 < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			merges = append(merges, c.merges(n.Content[i+1])...)
			continue
		}
		c.entry(own, n.Content[i], n.Content[i+1])
	}
	if len(merges) == 0 {
		return own
	}
	m := values.NewMap(own.Len())
	for _, from := range append(merges, own) {
		for key, v := range from.All() {
			m.SetKey(key, v)
		}
	}
	return m
}

const givenTwice = " is given twice, first at line "

// TellsOfTwice reports that a warning is of a key that is given twice.
func TellsOfTwice(msg string) bool { return strings.Contains(msg, givenTwice) }

func (c *constructor) entry(m *values.Map, keyNode, valueNode *goyaml.Node) {
	key := c.value(keyNode)
	if earlier, ok := m.KeyOf(key); ok {
		c.warnings = append(c.warnings, Warning{Pos: c.pos(keyNode),
			Msg: fmt.Sprintf("the key %s"+givenTwice+"%d: the last one counts", values.Repr(key), earlier.Pos().Line)})
	}
	if m.SetKey(key, c.value(valueNode)) {
		return
	}
	hint := ""
	if keyNode.Kind == goyaml.MappingNode && keyNode.Style&goyaml.FlowStyle != 0 {
		hint = templateHint
	}
	c.fail(keyNode, hint, "a key must be a single value, not %s", key.Kind().Phrase())
}

func isMerge(key *goyaml.Node) bool {
	return key.Kind == goyaml.ScalarNode && key.Value == "<<" && key.Style == 0
}

// merges gives what a << key names, weakest first: one mapping, or a list of mappings
// of which the earlier ones win.
func (c *constructor) merges(n *goyaml.Node) []*values.Map {
	v := c.value(n)
	if m, ok := v.AsMap(); ok && c.grow(n, m.Len()) {
		return []*values.Map{m}
	}
	if v.Kind() != values.KindList {
		if v.Kind() != values.KindMap {
			c.fail(n, "", "<< merges a mapping or a list of mappings, not %s", v.Kind().Phrase())
		}
		return nil
	}
	var maps []*values.Map
	for i, item := range v.Items() {
		m, ok := item.AsMap()
		if !ok {
			c.fail(n, "", "<< merges mappings, and item %d of this list is %s", i+1, item.Kind().Phrase())
			continue
		}
		if !c.grow(n, m.Len()) {
			return nil
		}
		maps = append([]*values.Map{m}, maps...)
	}
	return maps
}

// tagged gives the value of a node that carries a tag such as !vault.
func (c *constructor) tagged(n *goyaml.Node) values.Value {
	switch n.Tag {
	case "!unsafe":
		return c.unsafe(n)
	case "!vault", "!vault-encrypted":
		return c.encrypted(n)
	case "!!str":
		return c.scalar(n, func(s string) (values.Value, error) { return values.String(s), nil })
	case "!!int":
		return c.scalar(n, intValue)
	case "!!float":
		return c.scalar(n, floatValue)
	case "!!bool":
		return c.scalar(n, boolValue)
	case "!!null":
		return c.scalar(n, func(string) (values.Value, error) { return values.Null, nil })
	case "!!timestamp":
		return c.scalar(n, timeValue)
	case "!!map", "!!seq":
		if n.Tag == "!!map" != (n.Kind == goyaml.MappingNode) || n.Kind == goyaml.ScalarNode {
			return c.fail(n, "", "the tag %s does not fit what follows", n.Tag)
		}
		return c.untagged(n)
	case "!!binary":
		return c.fail(n, "", "the tag !!binary is not supported: keep the base64 text and use the filter b64decode")
	case "!!set", "!!omap", "!!pairs":
		return c.fail(n, "", "the tag %s is not supported: write a list", n.Tag)
	}
	return c.fail(n, "", "the tag %s is not known (known: !vault, !unsafe, and YAML's own such as !!str)", n.Tag)
}

func boolValue(s string) (values.Value, error) {
	if v, ok := plainWordsOf[strings.ToLower(s)]; ok && !v.IsNull() {
		return v, nil
	}
	return values.Null, fmt.Errorf("%q is no bool: want yes or no, true or false, on or off", s)
}

// unsafe marks a value as data that is never read as a template. Scalars are strings
// then, as in Ansible.
func (c *constructor) unsafe(n *goyaml.Node) values.Value {
	if n.Kind == goyaml.ScalarNode {
		return values.String(n.Value).MarkUnsafe()
	}
	return c.untagged(n).MarkUnsafe()
}
