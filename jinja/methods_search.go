package jinja

import (
	"strings"
	"unicode"

	"github.com/gdeploy/gdeploy/values"
)

func firstIndex(s, part string) int { return strings.Index(s, part) }
func lastIndex(s, part string) int  { return strings.LastIndex(s, part) }

// window is the part of the string that the arguments start and end leave, and the
// number of characters before it.
func window(c *Call, p *Params) (string, int, bool) {
	s := self(c)
	start, end := p.Value("start", values.Null), p.Value("end", values.Null)
	if start.IsNull() && end.IsNull() {
		return s, 0, true
	}
	runes := values.Runes(s)
	n := len(runes)
	from, err := clampedBound(start, 0, n, 0, n+1)
	p.fail1(err)
	to, err := clampedBound(end, n, n, 0, n)
	p.fail1(err)
	if from > to || p.Err() != nil {
		return "", from, false
	}
	return values.FromRunes(runes[from:to]), from, true
}

func findMethod(find func(s, part string) int, must bool) Filter {
	return func(c *Call) (values.Value, error) {
		p := c.Params("sub", "start", "end")
		p.Need("sub")
		part := p.String("sub", "")
		s, before, ok := window(c, p)
		if p.Err() != nil {
			return values.Null, p.Err()
		}
		at := -1
		if ok {
			at = find(s, part)
		}
		if at >= 0 {
			return values.Int(int64(before + values.Length(s[:at]))), nil
		}
		if must {
			return values.Null, valueErrorf("substring not found")
		}
		return values.Int(-1), nil
	}
}

func strCount(c *Call) (values.Value, error) {
	p := c.Params("sub", "start", "end")
	p.Need("sub")
	part := p.String("sub", "")
	s, _, ok := window(c, p)
	if !ok || p.Err() != nil {
		return values.Int(0), p.Err()
	}
	return values.Int(int64(strings.Count(s, part))), nil
}

// affixMethod is startswith and endswith; a tuple asks for any of its strings.
func affixMethod(has func(s, affix string) bool) Filter {
	return func(c *Call) (values.Value, error) {
		p := c.Params("affix", "start", "end")
		affix := p.Need("affix")
		s, _, ok := window(c, p)
		if p.Err() != nil {
			return values.Null, p.Err()
		}
		candidates := []values.Value{affix}
		if l, isList := affix.AsList(); isList && l.Tuple {
			candidates = l.Items
		}
		for _, v := range candidates {
			text, isText := v.AsString()
			if !isText {
				return values.Null, typeErrorf("%s first arg must be str or a tuple of str, not %s", c.Name, TypeName(v))
			}
			if ok && has(s, text) {
				return values.True, nil
			}
		}
		return values.False, nil
	}
}

func strReplace(c *Call) (values.Value, error) {
	p := c.Params("old", "new", "count")
	p.Need("old")
	p.Need("new")
	old, by, count := p.String("old", ""), p.String("new", ""), p.Int("count", -1)
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	return replace(c, self(c), old, by, count)
}

func strJoin(c *Call) (values.Value, error) {
	p := c.Params("iterable")
	items, err := Iterate(p.Need("iterable"))
	if err := firstError(p.Err(), err); err != nil {
		return values.Null, err
	}
	parts := make([]string, len(items))
	size := 0
	for i, item := range items {
		s, ok := item.AsString()
		if !ok {
			return values.Null, firstError(need(item), typeErrorf(
				"sequence item %d: expected str instance, %s found: use the filter join", i, TypeName(item)))
		}
		parts[i] = s
		size += len(s) + len(self(c))
	}
	if err := c.Fits(size); err != nil {
		return values.Null, err
	}
	return values.String(strings.Join(parts, self(c))), nil
}

func partitionMethod(find func(s, part string) int, right bool) Filter {
	return func(c *Call) (values.Value, error) {
		p := c.Params("sep")
		p.Need("sep")
		separator := p.String("sep", "")
		if p.Err() != nil {
			return values.Null, p.Err()
		}
		if separator == "" {
			return values.Null, ValueError("empty separator")
		}
		s := self(c)
		parts := []string{s, "", ""}
		if right {
			parts = []string{"", "", s}
		}
		if i := find(s, separator); i >= 0 {
			parts = []string{s[:i], separator, s[i+len(separator):]}
		}
		return values.TupleOf(values.Strings(parts...).Items()...), nil
	}
}

func strSplitlines(c *Call) (values.Value, error) {
	p := c.Params("keepends")
	return values.Strings(splitLines(self(c), p.Bool("keepends", false))...), p.Err()
}

func strSplit(c *Call) (values.Value, error) { return split(c, splitLeft, splitBlanksLeft) }

func strRsplit(c *Call) (values.Value, error) { return split(c, splitRight, splitBlanksRight) }

func split(c *Call, bySeparator func(s, separator string, most int) []string, byBlanks func(s string, most int) []string) (values.Value, error) {
	p := c.Params("sep", "maxsplit")
	most := p.Int("maxsplit", -1)
	v, given := p.Get("sep")
	if !given || v.IsNull() {
		return values.Strings(byBlanks(self(c), most)...), p.Err()
	}
	separator := p.String("sep", "")
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	if separator == "" {
		return values.Null, ValueError("empty separator")
	}
	return values.Strings(bySeparator(self(c), separator, most)...), nil
}

func splitLeft(s, separator string, most int) []string {
	if most < 0 {
		return strings.Split(s, separator)
	}
	return strings.SplitN(s, separator, most+1)
}

func splitRight(s, separator string, most int) []string {
	parts := strings.Split(s, separator)
	if extra := len(parts) - 1 - most; most >= 0 && extra > 0 {
		head := strings.Join(parts[:extra+1], separator)
		parts = append([]string{head}, parts[extra+1:]...)
	}
	return parts
}

func splitBlanksLeft(s string, most int) []string {
	if most < 0 {
		return strings.Fields(s)
	}
	var parts []string
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if len(parts) == most || end < 0 {
			end = len(s)
			if len(parts) == most {
				return append(parts, strings.TrimRightFunc(s, func(rune) bool { return false }))
			}
		}
		parts = append(parts, s[:end])
		s = s[end:]
	}
	return parts
}

func splitBlanksRight(s string, most int) []string {
	if most < 0 {
		return strings.Fields(s)
	}
	var parts []string
	for s = strings.TrimRightFunc(s, unicode.IsSpace); s != ""; s = strings.TrimRightFunc(s, unicode.IsSpace) {
		if len(parts) == most {
			return append([]string{s}, parts...)
		}
		start := strings.LastIndexFunc(s, unicode.IsSpace)
		word := s
		s = ""
		if start >= 0 {
			word, s = strings.TrimLeftFunc(word[start:], unicode.IsSpace), word[:start]
		}
		parts = append([]string{word}, parts...)
	}
	return parts
}
