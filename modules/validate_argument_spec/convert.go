package validate_argument_spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// convert reads v as a parameter of that type; words that look right will do.
func convert(v values.Value, kind string) (values.Value, error) {
	text := values.Text(v)
	switch kind {
	case "int":
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil && v.Kind() != values.KindBool {
			return values.Int(n), nil
		}
		return v, cannot(v, "an int")
	case "float":
		if f, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && v.Kind() != values.KindBool {
			return values.Float(f), nil
		}
		return v, cannot(v, "a float")
	case "bool":
		return convertBool(v, text)
	case "list":
		return convertList(v, text)
	case "dict":
		return convertDict(v, text)
	}
	return v, nil
}

var yes, no = []string{"yes", "on", "1", "true", "t", "y", "1.0"}, []string{"no", "off", "0", "false", "f", "n", "0.0"}

func convertBool(v values.Value, text string) (values.Value, error) {
	word := strings.ToLower(text)
	switch {
	case slices.Contains(yes, word):
		return values.True, nil
	case slices.Contains(no, word):
		return values.False, nil
	case v.Kind() == values.KindString || v.Kind() == values.KindInt:
		return v, fmt.Errorf("The value '%s' is not a valid boolean.", text)
	}
	return v, cannot(v, "a bool")
}

func convertList(v values.Value, text string) (values.Value, error) {
	switch v.Kind() {
	case values.KindList:
		return values.FromSlice(slices.Clone(v.Items())), nil
	case values.KindString:
		return values.Strings(strings.Split(text, ",")...), nil
	case values.KindInt, values.KindFloat:
		return values.Strings(text), nil
	}
	return v, cannot(v, "a list")
}

func convertDict(v values.Value, text string) (values.Value, error) {
	if v.Kind() == values.KindMap {
		return v, nil
	}
	if v.Kind() != values.KindString {
		return v, cannot(v, "a dict")
	}
	if strings.HasPrefix(text, "{") {
		var read values.Value
		if err := json.Unmarshal([]byte(text), &read); err == nil {
			return read, nil
		}
		return v, errors.New("unable to evaluate string as dictionary")
	}
	if strings.Contains(text, "=") {
		m := values.NewMap(2)
		for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
			name, value, _ := strings.Cut(pair, "=")
			m.Set(name, values.String(value))
		}
		return values.FromMap(m), nil
	}
	return v, errors.New("dictionary requested, could not parse JSON or key=value")
}

func cannot(v values.Value, what string) error {
	return fmt.Errorf("%s cannot be converted to %s", pythonType(v), what)
}

// pythonType is how Ansible names the type of v.
func pythonType(v values.Value) string {
	name := map[values.Kind]string{
		values.KindString: "str", values.KindInt: "int", values.KindFloat: "float", values.KindBool: "bool",
		values.KindList: "list", values.KindMap: "dict", values.KindNull: "NoneType",
	}[v.Kind()]
	switch {
	case v.Kind() == values.KindString && v.Unsafe():
		name = "ansible.utils.unsafe_proxy.AnsibleUnsafeText"
	case v.Kind() == values.KindString && v.Pos().Line > 0: // as it was written
		name = "ansible.parsing.yaml.objects.AnsibleUnicode"
	}
	return "<class '" + name + "'>"
}

func truth(v values.Value) bool {
	return slices.Contains(yes, strings.ToLower(values.Text(v)))
}
