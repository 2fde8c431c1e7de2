package lookups

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// maxSequence bounds how many numbers a sequence may have.
const maxSequence = 10_000_000

// numbers is one sequence.
type numbers struct {
	start, end, stride int64
	count              *int64
	hasEnd             bool
	format             string
}

// sequence counts: "start=1 end=9 stride=2 format=web%02d", "4", "2-8/2:web%d".
func sequence(q *Query) ([]values.Value, error) {
	if err := q.only("start", "end", "count", "stride", "format"); err != nil {
		return nil, err
	}
	var out []values.Value
	for _, term := range q.Terms {
		n := numbers{start: 1, stride: 1, format: "%d"}
		if err := n.read(term); err != nil {
			return nil, fmt.Errorf("with_sequence %q: %w", values.Text(term), err)
		}
		list, err := n.list()
		if err != nil {
			return nil, fmt.Errorf("with_sequence %q: %w", values.Text(term), err)
		}
		out = append(out, list...)
	}
	return out, nil
}

func (n *numbers) read(term values.Value) error {
	if m, ok := term.AsMap(); ok {
		for key, v := range m.All() {
			if err := n.set(values.Text(key), values.Text(v)); err != nil {
				return err
			}
		}
		return nil
	}
	text := values.Text(term)
	if ok, err := n.shortcut(text); ok || err != nil {
		return err
	}
	rest, pairs := keyValues(text)
	if rest != "" {
		return fmt.Errorf("unknown error parsing with_sequence arguments: %q", text)
	}
	for key, value := range pairs {
		if err := n.set(key, value); err != nil {
			return err
		}
	}
	return nil
}

var shortcutForm = regexp.MustCompile(`(?i)^(?:(0?x?[0-9a-f]+)-)?(0?x?[0-9a-f]+)(?:/(0?x?[0-9a-f]+))?(?::(.+))?$`)

// shortcut reads start-end/stride:format.
func (n *numbers) shortcut(text string) (bool, error) {
	m := shortcutForm.FindStringSubmatch(text)
	if m == nil {
		return false, nil
	}
	for i, key := range []string{"start", "end", "stride", "format"} {
		if m[i+1] == "" {
			continue
		}
		if err := n.set(key, m[i+1]); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (n *numbers) set(key, text string) error {
	if key == "format" {
		n.format = text
		return nil
	}
	i, err := strconv.ParseInt(strings.ReplaceAll(text, "0o", "0"), 0, 64)
	if err != nil {
		return fmt.Errorf("can't parse %s=%s as integer", key, text)
	}
	switch key {
	case "start":
		n.start = i
	case "end":
		n.end, n.hasEnd = i, true
	case "count":
		n.count = &i
	case "stride":
		n.stride = i
	default:
		return fmt.Errorf("unrecognized arguments to with_sequence: %s; it takes start, end, count, stride, format", key)
	}
	return nil
}

func (n *numbers) list() ([]values.Value, error) {
	switch {
	case n.count == nil && !n.hasEnd:
		return nil, errors.New("must specify count or end in with_sequence")
	case n.count != nil && n.hasEnd:
		return nil, errors.New("can't specify both count and end in with_sequence")
	case n.count != nil && *n.count == 0:
		return []values.Value{}, nil
	case n.count != nil:
		n.end = n.start + *n.count*n.stride - 1 // one too far where the stride is negative, as in Ansible
	}
	switch {
	case n.stride > 0 && n.end < n.start:
		return nil, errors.New("to count backwards make stride negative")
	case n.stride < 0 && n.end > n.start:
		return nil, errors.New("to count forward don't make stride negative")
	case strings.Count(n.format, "%") != 1:
		return nil, fmt.Errorf("bad formatting string: %s", n.format)
	case n.stride == 0:
		return []values.Value{}, nil
	case (n.end-n.start)/n.stride >= maxSequence:
		return nil, fmt.Errorf("a sequence has at most %d numbers", maxSequence)
	}
	out := []values.Value{}
	for i := n.start; n.stride > 0 && i <= n.end || n.stride < 0 && i >= n.end; i += n.stride {
		text := fmt.Sprintf(goFormat(n.format), i)
		if strings.Contains(text, "%!") {
			return nil, fmt.Errorf("problem formatting %d with '%s'", i, n.format)
		}
		out = append(out, values.String(text))
	}
	return out, nil
}

var numberVerb = regexp.MustCompile(`%([-+ #0]*\d*)([diuoxX])`)

// goFormat turns Python's format of a number into Go's.
func goFormat(format string) string {
	return numberVerb.ReplaceAllStringFunc(format, func(verb string) string {
		switch verb[len(verb)-1] {
		case 'i', 'u':
			return verb[:len(verb)-1] + "d"
		}
		return verb
	})
}
