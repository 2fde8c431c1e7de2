package filters

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

func toJSON(c *jinja.Call) (values.Value, error) {
	return encodeJSON(c, pyjson.Options{ASCII: true})
}

func toNiceJSON(c *jinja.Call) (values.Value, error) {
	return encodeJSON(c, pyjson.Options{ASCII: true, SortKeys: true, Indented: true, Indent: "    "})
}

func encodeJSON(c *jinja.Call, o pyjson.Options) (values.Value, error) {
	if len(c.Args) > 0 {
		return values.Null, fmt.Errorf("%s takes arguments by name only, such as indent=2", c.Name)
	}
	p := c.Params("indent", "sort_keys", "ensure_ascii", "separators", "vault_to_text", "preprocess_unsafe")
	o.SortKeys = p.Bool("sort_keys", o.SortKeys)
	o.ASCII = p.Bool("ensure_ascii", o.ASCII)
	if v, ok := p.Get("indent"); ok {
		o.Indent, o.Indented = indentOf(p, v)
	}
	if v, ok := p.Get("separators"); ok && len(v.Items()) == 2 {
		o.ItemSeparator, o.KeySeparator = values.Text(v.Items()[0]), values.Text(v.Items()[1])
	}
	o.Default = jinja.Plain
	if err := first(p.Err(), jinja.Defined(c.Value)); err != nil {
		return values.Null, err
	}
	text, err := pyjson.Encode(c.Value, o)
	return values.String(text), first(err, c.Fits(len(text)))
}

// indentOf reads an indent: a number of blanks, or the blanks themselves.
func indentOf(p *jinja.Params, v values.Value) (string, bool) {
	if v.IsNull() {
		return "", false
	}
	if s, ok := v.AsString(); ok {
		return s, true
	}
	return strings.Repeat(" ", max(0, min(p.Int("indent", 0), 1000))), true
}

func fromJSON(c *jinja.Call) (values.Value, error) {
	text, ok := c.Value.AsString()
	if !ok {
		return values.Null, fmt.Errorf("from_json needs text, not %s: the value is no text any more", jinja.TypeName(c.Value))
	}
	v, err := pyjson.Decode(text)
	return v, first(c.Params().Err(), err)
}

func toYAML(c *jinja.Call) (values.Value, error) {
	return encodeYAML(c, yaml.Layout{FlowLeaves: true})
}

func toNiceYAML(c *jinja.Call) (values.Value, error) {
	return encodeYAML(c, yaml.Layout{Indent: 4})
}

func encodeYAML(c *jinja.Call, l yaml.Layout) (values.Value, error) {
	if len(c.Args) > 0 {
		return values.Null, fmt.Errorf("%s takes arguments by name only, such as indent=2", c.Name)
	}
	p := c.Params("indent", "width", "sort_keys", "default_flow_style", "default_style", "canonical", "explicit_start", "explicit_end", "line_break", "version")
	l.Indent = p.Int("indent", l.Indent)
	l.Width = p.Int("width", 0)
	l.KeepOrder = !p.Bool("sort_keys", true)
	l.Canonical = p.Bool("canonical", false)
	style, err := yamlStyle(p)
	if err != nil {
		return values.Null, err
	}
	l.Style = style
	if v, ok := p.Get("default_flow_style"); ok {
		l.Flow = v.Truthy()
		l.FlowLeaves = v.IsNull()
	}
	start, end := p.Bool("explicit_start", false) && !l.Canonical, p.Bool("explicit_end", false)
	head := yamlVersion(p)
	start = start || head != "" && !l.Canonical
	if err := first(p.Err(), jinja.Defined(c.Value)); err != nil {
		return values.Null, err
	}
	plain, err := jinja.PlainAll(timestamps(c.Value))
	if err != nil {
		return values.Null, err
	}
	text := string(l.Marshal(plain))
	if start {
		text = "--- " + text
		if isBlock(plain) && !strings.ContainsAny(text[4:5], "[{") {
			text = "---\n" + text[4:]
		}
	}
	text = head + text
	if end && !strings.HasSuffix(text, "...\n") {
		text += "...\n"
	}
	return values.String(text), c.Fits(len(text))
}

// yamlStyle reads default_style, the style of every scalar.
func yamlStyle(p *jinja.Params) (byte, error) {
	written, given := p.Get("default_style")
	switch text := values.Text(written); {
	case !given || !written.Truthy():
		return 0, nil
	case text == `"`, text == "'", text == "|":
		return text[0], nil
	}
	return 0, fmt.Errorf("default_style is one of ', \" and |, not %s", values.Repr(written))
}

// yamlVersion is the line that tells the version of YAML, where one is asked for.
func yamlVersion(p *jinja.Params) string {
	written, _ := p.Get("version")
	parts := written.Items()
	if len(parts) != 2 {
		return ""
	}
	return "%YAML " + values.Text(parts[0]) + "." + values.Text(parts[1]) + "\n"
}

func isBlock(v values.Value) bool {
	return v.Kind() == values.KindList || v.Kind() == values.KindMap
}

func fromYAML(c *jinja.Call) (values.Value, error) {
	text, ok := c.Value.AsString()
	if !ok {
		return c.Pick(c.Value)
	}
	v, err := loadYAML(text)
	return v, first(c.Params().Err(), err)
}

func loadYAML(text string) (values.Value, error) {
	v, _, err := yaml.Load([]byte(text), "")
	if err != nil {
		return values.Null, errors.Join(fmt.Errorf("the text is not YAML"), err)
	}
	return v, nil
}

// fromYAMLAll reads every document of a text.
func fromYAMLAll(c *jinja.Call) (values.Value, error) {
	text, ok := c.Value.AsString()
	if !ok {
		return c.Pick(c.Value)
	}
	docs := []values.Value{}
	for _, document := range documents(text) {
		v, err := loadYAML(document)
		if err != nil {
			return values.Null, err
		}
		docs = append(docs, v)
	}
	return values.FromSlice(docs), c.Params().Err()
}

// holdsYAML reports whether a text is more than blanks and comments.
func holdsYAML(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return true
		}
	}
	return false
}

// documents splits a YAML stream at its --- and ... lines.
func documents(text string) []string {
	var docs []string
	var current strings.Builder
	open := false
	for line := range strings.Lines(text) {
		mark := strings.TrimRight(line, "\r\n")
		switch {
		case mark == "---" || strings.HasPrefix(mark, "--- "):
			if open || holdsYAML(current.String()) {
				docs = append(docs, current.String())
			}
			current.Reset()
			current.WriteString(strings.TrimPrefix(line, "---"))
			open = true
		case mark == "...":
			docs = append(docs, current.String())
			current.Reset()
			open = false
		default:
			current.WriteString(line)
		}
	}
	if open || holdsYAML(current.String()) {
		docs = append(docs, current.String())
	}
	return docs
}
