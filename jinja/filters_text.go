package jinja

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/gdeploy/gdeploy/values"
)

func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

// titlecase is the form that a letter has at the start of a name: ß becomes Ss.
func titlecase(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Title(language.Und, cases.NoLower).String(s)
}

func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

func capitalize(s string) string {
	runes := values.Runes(s)
	if len(runes) == 0 {
		return s
	}
	return titlecase(values.FromRunes(runes[:1])) + lower(values.FromRunes(runes[1:]))
}

// title is the filter, which unlike the method starts words behind blanks, hyphens
// and opening brackets only.
func title(s string) string {
	var b strings.Builder
	start := true
	for _, r := range values.Runes(s) {
		one := values.FromRunes([]rune{r})
		switch {
		case unicode.IsSpace(r) || strings.ContainsRune("-({[<", r):
			start = true
			b.WriteString(one)
			continue
		case start:
			b.WriteString(upper(one))
		default:
			b.WriteString(lower(one))
		}
		start = false
	}
	return b.String()
}

func filterCenter(c *Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("width")
	width := p.Int("width", 80)
	if err := firstError(err, p.Err(), c.Fits(width)); err != nil {
		return values.Null, err
	}
	return values.String(center(text, width, " ")), nil
}

// center pads on both sides; an odd blank goes where Python puts it.
func center(s string, width int, fill string) string {
	pad := width - values.Length(s)
	if pad <= 0 {
		return s
	}
	left := pad/2 + pad&width&1
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, pad-left)
}

func filterIndent(c *Call) (values.Value, error) {
	text, err := c.onlyText()
	p := c.Params("width", "first", "blank")
	prefix, isText := p.Value("width", values.Int(4)).AsString()
	if !isText {
		width := p.Int("width", 4)
		if err := c.Fits(width); err != nil && width > 0 {
			return values.Null, err
		}
		prefix = strings.Repeat(" ", max(width, 0))
	}
	first, blank := p.Bool("first", false), p.Bool("blank", false)
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	lines := splitLines(text+"\n", false)
	if err := c.Fits(len(text) + len(lines)*len(prefix)); err != nil {
		return values.Null, err
	}
	for i := range lines {
		if i == 0 && first || i > 0 && (blank || lines[i] != "") {
			lines[i] = prefix + lines[i]
		}
	}
	return values.String(strings.Join(lines, "\n")), nil
}

// splitLines is Python's str.splitlines.
func splitLines(s string, keep bool) []string {
	var lines []string
	start := 0
	for i, r := range s {
		if i < start || !isLineEnd(r) {
			continue
		}
		end := i + len(string(r))
		if r == '\r' && strings.HasPrefix(s[end:], "\n") {
			end++
		}
		if keep {
			lines = append(lines, s[start:end])
		} else {
			lines = append(lines, s[start:i])
		}
		start = end
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// onlyText is the value of filters that take nothing but text.
func (c *Call) onlyText() (string, error) {
	text, ok := c.Value.AsString()
	if !ok && !IsUndefined(c.Value) {
		return "", typeErrorf("%s needs text, not %s: turn it into text with | string", c.Name, TypeName(c.Value))
	}
	return text, nil
}

func filterReplace(c *Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("old", "new", "count")
	p.Need("old")
	p.Need("new")
	old, by := p.Text("old", ""), p.Text("new", "")
	count := -1
	if v, ok := p.Get("count"); ok && !v.IsNull() {
		count = p.Int("count", -1)
	}
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	return replace(c, text, old, by, count)
}

func replace(c *Call, text, old, by string, count int) (values.Value, error) {
	found := strings.Count(text, old)
	if count >= 0 {
		found = min(found, count)
	}
	if len(by) > 0 && found > c.frame.in.limits.Output/len(by) {
		return values.Null, c.Fits(-1)
	}
	return values.String(strings.Replace(text, old, by, count)), c.Fits(len(text) + found*len(by))
}

func filterTrim(c *Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("chars")
	v, given := p.Get("chars")
	if !given || v.IsNull() {
		return values.String(strings.TrimFunc(text, unicode.IsSpace)), err
	}
	return values.String(strings.Trim(text, p.String("chars", ""))), firstError(err, p.Err())
}

func filterTruncate(c *Call) (values.Value, error) {
	text, err := c.onlyText()
	p := c.Params("length", "killwords", "end", "leeway")
	length, end := p.Int("length", 255), p.String("end", "...")
	killwords := p.Bool("killwords", false)
	leeway := 5
	if v, ok := p.Get("leeway"); ok && !v.IsNull() {
		leeway = p.Int("leeway", 5)
	}
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	keep := length - values.Length(end)
	if keep < 0 || leeway < 0 {
		return values.Null, valueErrorf("truncate: the length %d is shorter than the end %q", length, end)
	}
	runes := values.Runes(text)
	if len(runes) <= length+leeway {
		return values.String(text), nil
	}
	kept := values.FromRunes(runes[:keep])
	if !killwords {
		if i := strings.LastIndexByte(kept, ' '); i >= 0 {
			kept = kept[:i]
		}
	}
	return values.String(kept + end), nil
}

func filterWordcount(c *Call) (values.Value, error) {
	text, err := c.Text()
	n, inWord := 0, false
	for _, r := range text {
		word := r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
		if word && !inWord {
			n++
		}
		inWord = word
	}
	return values.Int(int64(n)), err
}

func filterJoin(c *Call) (values.Value, error) {
	p := c.Params("d", "attribute")
	separator := p.Text("d", "")
	items, err := c.Items()
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	if attribute, ok := p.Get("attribute"); ok && !attribute.IsNull() {
		get, err := attributeGetter(attribute, nil)
		if err != nil {
			return values.Null, err
		}
		if items, err = mapItems(items, get); err != nil {
			return values.Null, err
		}
	}
	out := output{run: c.frame.in.run}
	for i, item := range items {
		if i > 0 {
			err = out.write(separator)
		}
		if err == nil {
			err = Defined(item)
		}
		if err == nil {
			err = out.print(item)
		}
		if err != nil {
			return values.Null, err
		}
	}
	out.printed -= out.text.Len()
	c.picked = len(c.Args)+len(c.Kwargs) == 0 // the output has the marks already
	return out.value().Inherit(c.Value), nil
}
