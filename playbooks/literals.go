package playbooks

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Kind says what is written behind a keyword. Wherever a scalar stands, a template may.
type Kind string

// The kinds of keyword values.
const (
	Any        Kind = "anything"
	Text       Kind = "a string"
	Bool       Kind = "yes or no"
	Integer    Kind = "a whole number"
	Percent    Kind = "a percentage"
	Names      Kind = "a string or a list"
	Conditions Kind = "an expression or a list of expressions"
	Mapping    Kind = "a mapping"
	Mappings   Kind = "a mapping or a list of mappings"
	Tasks      Kind = "a list of tasks"
)

// literal finds a value that is no template and cannot be what the keyword takes.
func (p *parser) literal(t *target, k *Keyword, v values.Value) {
	if isTemplate(v) || fits(k.Takes, v) {
		return
	}
	if k.Takes == Text {
		p.wants(v.Pos(), k.Name, string(k.Takes), v)
		return
	}
	p.soft(t, Mistake{Pos: v.Pos(), Msg: fmt.Sprintf("the field '%s' has an invalid value (%s): it takes %s", k.Name, values.Text(v), k.Takes)})
}

// fits reports whether Ansible could convert v.
func fits(k Kind, v values.Value) bool {
	switch k {
	case Bool:
		return isBool(v)
	case Integer:
		return isInteger(v)
	case Percent:
		s, ok := v.AsString()
		if !ok {
			return isInteger(v)
		}
		_, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(s, "%")), 64)
		return err == nil
	case Text:
		return v.Kind() != values.KindMap && v.Kind() != values.KindList
	case Mapping:
		return v.Kind() == values.KindMap
	}
	return true
}

func isInteger(v values.Value) bool {
	switch v.Kind() {
	case values.KindInt, values.KindFloat, values.KindBool:
		return true
	case values.KindString:
		s, _ := v.AsString()
		_, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(s), "_", ""), 10, 64)
		return err == nil
	}
	return false
}

func isBool(v values.Value) bool {
	if v.Kind() == values.KindBool {
		return true
	}
	_, ok := boolWords[strings.ToLower(strings.TrimSpace(values.Text(v)))]
	return ok && v.Kind() != values.KindMap && v.Kind() != values.KindList
}

var boolWords = map[string]bool{
	"yes": true, "y": true, "on": true, "1": true, "1.0": true, "true": true, "t": true,
	"no": false, "n": false, "off": false, "0": false, "0.0": false, "false": false, "f": false,
}

// isFalse reports whether v is literally false: the bool, or a word for it.
func isFalse(v values.Value) bool {
	if b, ok := v.AsBool(); ok {
		return !b
	}
	s, _ := v.AsString()
	b, ok := boolWords[strings.ToLower(s)]
	return ok && !b
}

// isTemplate reports whether v is a string that holds a template.
func isTemplate(v values.Value) bool {
	s, ok := v.AsString()
	return ok && !v.Unsafe() && hasTemplate(s)
}

func hasTemplate(s string) bool {
	for i := strings.IndexByte(s, '{'); i >= 0 && i+1 < len(s); {
		if c := s[i+1]; c == '{' || c == '%' || c == '#' {
			return true
		}
		next := strings.IndexByte(s[i+1:], '{')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// wants refuses a value of the wrong shape.
func (p *parser) wants(pos values.Position, keyword, shape string, v values.Value) {
	p.mistake(pos, fmt.Sprintf("%s takes %s, not %s", keyword, shape, describe(v)), "")
}

// describe names a value in a message.
func describe(v values.Value) string {
	switch v.Kind() {
	case values.KindNull:
		return "nothing"
	case values.KindBool:
		return "yes or no"
	case values.KindInt, values.KindFloat:
		return "the number " + values.Text(v)
	case values.KindString:
		s, _ := v.AsString()
		if len(s) > 40 {
			return "a string"
		}
		return "the string " + quoted(s)
	case values.KindList:
		return "a list"
	case values.KindMap:
		return "a mapping"
	}
	return "an encrypted value"
}

func quoted(s string) string { return strconv.Quote(s) }
