package yaml

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/gdeploy/gdeploy/values"
)

// Layout is how Marshal lays a text out. The zero Layout is what ansible-inventory
// --yaml and PyYAML's default block style print: two spaces, 80 columns, sorted keys.
type Layout struct {
	// Indent is spaces per level; 0 is 2.
	Indent int
	// Width is where long lines fold, in columns; 0 is 80, negative is never.
	Width int
	// ASCII writes characters beyond ASCII as escapes.
	ASCII bool
	// KeepOrder leaves keys in their order instead of sorting them.
	KeepOrder bool
	// FlowLeaves writes lists and maps that hold only scalars on one line: [a, b].
	FlowLeaves bool
}

// Marshal writes v as YAML in the zero Layout.
func Marshal(v values.Value) []byte { return Layout{}.Marshal(v) }

// Marshal writes v as YAML. Lists and maps that occur more than once become anchors and
// aliases, as PyYAML does it; encrypted values are written with !vault.
func (l Layout) Marshal(v values.Value) []byte {
	r := representer{layout: l, nodes: map[any]*goyaml.Node{}}
	root := r.node(v)
	options := []goyaml.Option{
		goyaml.WithIndent(cmp.Or(l.Indent, 2)),
		goyaml.WithLineWidth(cmp.Or(l.Width, 80)),
		goyaml.WithUnicode(!l.ASCII),
		goyaml.WithCompactSeqIndent(true),
	}
	out, err := goyaml.Dump(root, options...)
	if err != nil {
		return fmt.Appendf(nil, "# %s\n", err) // only a node that representer never makes
	}
	out = bytes.ReplaceAll(out, []byte(textEnd), nil)
	if root.Kind == goyaml.ScalarNode && !bytes.ContainsAny(out[:1], `'"|>!`) {
		out = append(out, "...\n"...)
	}
	return out
}

// textEnd follows a text that ends in a line end until it is printed, because the emitter
// does not indent a closing quote that stands at the beginning of a line.
const textEnd = "~~end-of-text~~"

// representer turns values into nodes without tags: the layout alone says their types.
type representer struct {
	layout Layout
	nodes  map[any]*goyaml.Node // of the lists and maps so far
	count  int                  // of anchors
}

func (r *representer) node(v values.Value) *goyaml.Node {
	if l, ok := v.AsList(); ok {
		return r.once(l, func(n *goyaml.Node) { r.list(n, l) })
	}
	if m, ok := v.AsMap(); ok {
		return r.once(m, func(n *goyaml.Node) { r.mapping(n, m) })
	}
	if o, ok := v.AsObject(); ok {
		if e, ok := o.(*Encrypted); ok {
			return r.once(e, func(n *goyaml.Node) { encryptedNode(n, e) })
		}
	}
	return r.scalar(v)
}

// once makes the node of a list, map or encrypted value, or an alias where it was made before.
func (r *representer) once(id any, fill func(*goyaml.Node)) *goyaml.Node {
	if n := r.nodes[id]; n != nil {
		if n.Anchor == "" {
			r.count++
			n.Anchor = fmt.Sprintf("id%03d", r.count)
		}
		return &goyaml.Node{Kind: goyaml.AliasNode, Value: n.Anchor, Alias: n}
	}
	n := &goyaml.Node{}
	r.nodes[id] = n
	fill(n)
	return n
}

func encryptedNode(n *goyaml.Node, e *Encrypted) {
	*n = goyaml.Node{Kind: goyaml.ScalarNode, Tag: "!vault", Value: e.Text, Style: goyaml.TaggedStyle | goyaml.LiteralStyle}
}

func (r *representer) list(n *goyaml.Node, l *values.List) {
	n.Kind = goyaml.SequenceNode
	for _, item := range l.Items {
		n.Content = append(n.Content, r.node(item))
	}
	r.flow(n)
}

func (r *representer) mapping(n *goyaml.Node, m *values.Map) {
	n.Kind = goyaml.MappingNode
	keys := m.Keys()
	if !r.layout.KeepOrder {
		keys = SortedKeys(m)
	}
	for _, key := range keys {
		v, _ := m.GetKey(key)
		n.Content = append(n.Content, r.node(key), r.node(v))
	}
	r.flow(n)
}

// flow puts a collection on one line where it is empty or the layout asks for it.
func (r *representer) flow(n *goyaml.Node) {
	leaves := r.layout.FlowLeaves && !slices.ContainsFunc(n.Content, func(c *goyaml.Node) bool {
		return c.Kind != goyaml.ScalarNode || c.Style&goyaml.TaggedStyle != 0
	})
	if leaves || len(n.Content) == 0 {
		n.Style = goyaml.FlowStyle
	}
}

func (r *representer) scalar(v values.Value) *goyaml.Node {
	n := &goyaml.Node{Kind: goyaml.ScalarNode}
	switch v.Kind() {
	case values.KindNull:
		n.Value = "null"
	case values.KindBool, values.KindInt:
		n.Value = strings.ToLower(values.Text(v))
	case values.KindFloat:
		n.Value = floatText(values.Text(v))
	default:
		n.Value = values.Text(v)
		if strings.Contains(n.Value, "\n") || !isPlainString(n.Value) {
			n.Style = goyaml.SingleQuotedStyle // the emitter changes it where double quotes are needed
		}
		if strings.HasSuffix(n.Value, "\n") {
			n.Value += textEnd
		}
	}
	return n
}

// isPlainString tells whether a text stays that text without quotes.
func isPlainString(s string) bool {
	v, err := plain(s)
	return err == nil && v.Kind() == values.KindString && !looksLikeTime(s)
}

func looksLikeTime(s string) bool {
	return s != "" && s[0] >= '0' && s[0] <= '9' && isTime(s)
}

// floatText writes a Python float as YAML 1.1 reads it back: 1e+30 needs a point.
func floatText(s string) string {
	switch s {
	case "nan", "inf":
		return "." + s
	case "-inf":
		return "-.inf"
	}
	if mantissa, exponent, ok := strings.Cut(s, "e"); ok && !strings.Contains(mantissa, ".") {
		return mantissa + ".0e" + exponent
	}
	return s
}

// SortedKeys gives a map's keys as Python sorts them: texts by their characters, numbers
// by value; keys of several kinds, which Python cannot sort, stay in their order.
func SortedKeys(m *values.Map) []values.Value {
	keys := slices.Clone(m.Keys())
	texts, numbers := 0, 0
	for _, key := range keys {
		switch key.Kind() {
		case values.KindString:
			texts++
		case values.KindInt, values.KindFloat, values.KindBool:
			numbers++
		}
	}
	switch len(keys) {
	case texts:
		slices.SortStableFunc(keys, func(a, b values.Value) int { return strings.Compare(values.Text(a), values.Text(b)) })
	case numbers:
		slices.SortStableFunc(keys, func(a, b values.Value) int { return cmp.Compare(number(a), number(b)) })
	}
	return keys
}

func number(v values.Value) float64 {
	if f, ok := v.AsFloat(); ok {
		return f
	}
	if b, ok := v.AsBool(); ok {
		if b {
			return 1
		}
		return 0
	}
	big, _ := v.AsBig()
	f, _ := big.Float64()
	return f
}
