package filters

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// toBool makes the words of Ansible a bool; null stays null, and all else is false.
func toBool(c *jinja.Call) (values.Value, error) {
	if err := c.Params().Err(); err != nil {
		return values.Null, err
	}
	if k := c.Value.Kind(); k == values.KindNull || k == values.KindBool {
		return c.Value, nil
	}
	if s, ok := c.Value.AsString(); ok {
		return values.Bool(slices.Contains([]string{"yes", "on", "1", "true"}, strings.ToLower(s))), nil
	}
	return values.Bool(values.Equal(c.Value, values.Int(1))), nil
}

func ternary(c *jinja.Call) (values.Value, error) {
	p := c.Params("true_val", "false_val", "none_val")
	for _, name := range []string{"true_val", "false_val"} {
		if _, ok := p.Get(name); !ok {
			return values.Null, first(p.Err(), fmt.Errorf("ternary needs the values for true and for false"))
		}
	}
	if none := p.Value("none_val", values.Null); c.Value.IsNull() && !none.IsNull() {
		v, _ := c.Pick(none)
		return v, p.Err()
	}
	yes, err := jinja.Truth(c.Value)
	if err = first(p.Err(), err); err != nil {
		return values.Null, err
	}
	if yes {
		return c.Pick(p.Value("true_val", values.Null))
	}
	return c.Pick(p.Value("false_val", values.Null))
}

func mandatory(c *jinja.Call) (values.Value, error) {
	p := c.Params("msg")
	if !jinja.IsUndefined(c.Value) {
		v, _ := c.Pick(c.Value)
		return v, p.Err()
	}
	o, _ := c.Value.AsObject()
	u, _ := o.(*jinja.Undefined)
	if msg, ok := p.Get("msg"); ok && !msg.IsNull() {
		return values.Null, first(p.Err(), &jinja.UndefinedError{Name: u.Name, Path: u.Path, Msg: values.Text(msg), Pos: u.Pos})
	}
	msg := "Mandatory variable '" + u.Name + "'  not defined." // two blanks, as Ansible has it
	return values.Null, first(p.Err(), &jinja.UndefinedError{Name: u.Name, Path: u.Path, Msg: msg, Pos: u.Pos})
}

// typeDebug names the type as Ansible does, which has its own for strings from outside
// and for those that stand in a playbook as they are.
func typeDebug(c *jinja.Call) (values.Value, error) {
	name := jinja.TypeName(c.Value)
	switch {
	case name == "str" && c.Value.Unsafe():
		name = "AnsibleUnsafeText"
	case name == "str" && c.Value.Verbatim():
		name = "NativeJinjaText"
	case name == "str" && isYAML(c.Value.Pos()):
		name = "AnsibleUnicode"
	}
	return values.String(name), c.Params().Err()
}

// isYAML tells the places in YAML files from those in JSON, whose strings are plain ones.
func isYAML(pos values.Position) bool {
	return pos.Line > 0 && pos.File != "-e" && !strings.HasSuffix(pos.File, ".json")
}

// extract takes an element out of a container: {{ key | extract(container, morekeys) }}.
func extract(c *jinja.Call) (values.Value, error) {
	p := c.Params("container", "morekeys")
	container := p.Need("container")
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	keys := []values.Value{c.Value}
	if more := p.Value("morekeys", values.Null); more.Kind() == values.KindList {
		keys = append(keys, more.Items()...)
	} else if !more.IsNull() {
		keys = append(keys, more)
	}
	v := container
	for _, key := range keys {
		found, ok, err := jinja.Item(v, key)
		if err != nil {
			return values.Null, err
		}
		if !ok {
			return c.Pick(jinja.Missing(v, key))
		}
		v = found
	}
	return c.Pick(v)
}

// quote quotes text for a POSIX shell.
func quote(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	if c.Value.IsNull() {
		text = ""
	}
	return values.String(shellQuote(text)), first(err, c.Params().Err())
}

func shellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !safe(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}

// split is the method of strings as a filter.
func split(c *jinja.Call) (values.Value, error) {
	if c.Value.Kind() != values.KindString {
		return values.Null, fmt.Errorf("split needs text, not %s", jinja.TypeName(c.Value))
	}
	method, _, err := jinja.Attr(c.Value, "split")
	if err != nil {
		return values.Null, err
	}
	return c.Invoke(method, c.Args, c.Kwargs)
}
