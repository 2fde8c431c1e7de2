package filters

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyre"
	"github.com/gdeploy/gdeploy/values"
)

// regexps are the filters and tests that share compiled patterns.
type regexps struct{ cache *pyre.Cache }

func (r *regexps) compile(p *jinja.Params, pattern string) (*pyre.Regexp, error) {
	var flags pyre.Flags
	if p.Bool("ignorecase", false) {
		flags |= pyre.IgnoreCase
	}
	if p.Bool("multiline", false) {
		flags |= pyre.Multiline
	}
	if p.Err() != nil {
		return nil, p.Err()
	}
	return r.cache.Compile(pattern, flags)
}

func (r *regexps) replace(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count")
	pattern, replacement := p.Text("pattern", ""), p.Text("replacement", "")
	if err != nil {
		return values.Null, err
	}
	re, err := r.compile(p, pattern)
	if err != nil {
		return values.Null, err
	}
	result, n, err := re.Replace(text, replacement, p.Int("count", 0), c.Fits)
	if wanted := p.Int("mandatory_count", 0); err == nil && wanted != 0 && n != wanted {
		err = fmt.Errorf("'%s' should match %d times, but matches %d times in '%s'", pattern, wanted, n, text)
	}
	return values.String(result), first(p.Err(), err)
}

func (r *regexps) findall(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("regex", "multiline", "ignorecase")
	p.Need("regex")
	pattern := p.Text("regex", "")
	if err != nil {
		return values.Null, err
	}
	re, err := r.compile(p, pattern)
	if err != nil {
		return values.Null, err
	}
	matches, err := re.FindAll(text, 0)
	if err = first(err, c.Spend(len(matches))); err != nil {
		return values.Null, err
	}
	found := make([]values.Value, len(matches))
	for i, m := range matches {
		found[i] = findallItem(re, m)
	}
	return values.FromSlice(found), nil
}

// findallItem is the whole match, the one group, or a tuple of the groups.
func findallItem(re *pyre.Regexp, m *pyre.Match) values.Value {
	groups := make([]values.Value, re.Groups())
	for i := range groups {
		text, _ := m.Group(i + 1)
		groups[i] = values.String(text)
	}
	switch len(groups) {
	case 0:
		return values.String(m.Text())
	case 1:
		return groups[0]
	}
	return values.TupleOf(groups...)
}

// search gives the match, or with arguments such as '\\1' or '\\g<name>' a list of groups.
func (r *regexps) search(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	if err != nil {
		return values.Null, err
	}
	p := c.Keywords("regex", "ignorecase", "multiline")
	args := c.Args
	pattern := p.Text("regex", "")
	if len(args) > 0 {
		pattern, args = values.Text(args[0]), args[1:]
	}
	re, err := r.compile(p, pattern)
	if err != nil {
		return values.Null, err
	}
	m, err := re.Search(text)
	if err != nil || m == nil {
		return values.Null, first(err, groupsWritten(args))
	}
	groups, err := groupNumbers(re, args)
	if err != nil {
		return values.Null, err
	}
	if len(args) == 0 {
		return values.String(m.Text()), nil
	}
	found := make([]values.Value, len(groups))
	for i, n := range groups {
		if text, ok := m.Group(n); ok {
			found[i] = values.String(text)
		}
	}
	return values.FromSlice(found), nil
}

// groupsWritten finds what names no group, where the text has no match to take any from.
func groupsWritten(args []values.Value) error {
	for _, arg := range args {
		if text, _ := arg.AsString(); !groupForm.MatchString(text) {
			return fmt.Errorf(`Unknown argument %q of regex_search: write '\\1' or '\\g<name>'`, text) //lint:ignore ST1005 as Ansible says it
		}
	}
	return nil
}

var groupForm = regexp.MustCompile(`^\\(?:g<\S+>|[0-9]+)`)

func groupNumbers(re *pyre.Regexp, args []values.Value) ([]int, error) {
	var numbers []int
	for _, arg := range args {
		text, _ := arg.AsString()
		n, err := groupNumber(re, text)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

func groupNumber(re *pyre.Regexp, text string) (int, error) {
	name, named := strings.CutPrefix(text, `\g<`)
	name = strings.TrimSuffix(name, ">")
	if !named {
		var ok bool
		if name, ok = strings.CutPrefix(text, `\`); !ok {
			return 0, fmt.Errorf(`Unknown argument %q of regex_search: write '\\1' or '\\g<name>'`, text)
		}
	}
	n, ok := re.Group(name)
	if !ok {
		var err error
		if n, err = strconv.Atoi(name); err != nil {
			return 0, fmt.Errorf("regex_search: the pattern has no group %q", name)
		}
	}
	if n < 0 || n > re.Groups() {
		return 0, fmt.Errorf("regex_search: the pattern has no group %d", n)
	}
	return n, nil
}

func regexEscape(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("re_type")
	kind := p.String("re_type", "python")
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	switch kind {
	case "python":
		return values.String(pyre.Escape(text)), nil
	case "posix_basic":
		return values.String(strings.NewReplacer("[", `\[`, "]", `\]`, ".", `\.`, "^", `\^`, "$", `\$`, "*", `\*`, `\`, `\\`).Replace(text)), nil
	}
	return values.Null, fmt.Errorf("Invalid regex type (%s): use python or posix_basic", kind) //lint:ignore ST1005 as Ansible says it
}

// regex is the test behind match and search too.
func (r *regexps) regex(c *jinja.Call) (bool, error) {
	p := c.Params("pattern", "ignorecase", "multiline", "match_type")
	return r.test(c, p, p.String("match_type", "search"))
}

func (r *regexps) match(c *jinja.Call) (bool, error) {
	return r.test(c, c.Params("pattern", "ignorecase", "multiline"), "match")
}

func (r *regexps) searches(c *jinja.Call) (bool, error) {
	return r.test(c, c.Params("pattern", "ignorecase", "multiline"), "search")
}

func (r *regexps) test(c *jinja.Call, p *jinja.Params, kind string) (bool, error) {
	text, err := c.Text()
	if err != nil {
		return false, err
	}
	pattern := p.Text("pattern", "")
	if kind == "fullmatch" {
		kind, pattern = "match", "(?:"+pattern+`)\Z`
	}
	re, err := r.compile(p, pattern)
	if err != nil {
		return false, err
	}
	var m *pyre.Match
	switch kind {
	case "search":
		m, err = re.Search(text)
	case "match":
		m, err = re.MatchStart(text)
	default:
		err = fmt.Errorf("the match type %q is not known: use search, match or fullmatch", kind)
	}
	return m != nil, err
}
