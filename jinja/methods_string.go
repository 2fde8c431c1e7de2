package jinja

import (
	"strings"
	"unicode"

	"github.com/gdeploy/gdeploy/values"
)

func stringMethods() map[string]Filter {
	return map[string]Filter{
		"capitalize":   textMethod(capitalize),
		"casefold":     textMethod(func(s string) string { return strings.ReplaceAll(lower(s), "ß", "ss") }),
		"center":       padMethod(center),
		"count":        strCount,
		"encode":       strEncode,
		"endswith":     affixMethod(strings.HasSuffix),
		"expandtabs":   strExpandtabs,
		"find":         findMethod(firstIndex, false),
		"format":       strFormat,
		"format_map":   strFormatMap,
		"index":        findMethod(firstIndex, true),
		"isalnum":      allMethod(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
		"isalpha":      allMethod(unicode.IsLetter),
		"isascii":      isMethod(isASCII),
		"isdecimal":    allMethod(unicode.IsDigit),
		"isdigit":      allMethod(isDigitRune),
		"isidentifier": isMethod(isIdentifier),
		"islower":      isMethod(func(s string) bool { return allCased(s, unicode.IsLower, unicode.IsUpper) }),
		"isnumeric":    allMethod(unicode.IsNumber),
		"isprintable":  isMethod(isPrintable),
		"isspace":      allMethod(unicode.IsSpace),
		"istitle":      isMethod(isTitle),
		"isupper":      isMethod(func(s string) bool { return allCased(s, unicode.IsUpper, unicode.IsLower) }),
		"join":         strJoin,
		"ljust":        padMethod(ljust),
		"lower":        textMethod(lower),
		"lstrip":       stripMethod(true, false),
		"partition":    partitionMethod(firstIndex, false),
		"removeprefix": trimMethod("prefix", strings.TrimPrefix),
		"removesuffix": trimMethod("suffix", strings.TrimSuffix),
		"replace":      strReplace,
		"rfind":        findMethod(lastIndex, false),
		"rindex":       findMethod(lastIndex, true),
		"rjust":        padMethod(rjust),
		"rpartition":   partitionMethod(lastIndex, true),
		"rsplit":       strRsplit,
		"rstrip":       stripMethod(false, true),
		"split":        strSplit,
		"splitlines":   strSplitlines,
		"startswith":   affixMethod(strings.HasPrefix),
		"strip":        stripMethod(true, true),
		"swapcase":     textMethod(swapcase),
		"title":        textMethod(titleMethod),
		"upper":        textMethod(upper),
		"zfill":        strZfill,
	}
}

// self is the string that the method belongs to.
func self(c *Call) string {
	s, _ := c.Value.AsString()
	return s
}

func textMethod(fn func(string) string) Filter {
	return func(c *Call) (values.Value, error) { return values.String(fn(self(c))), c.Params().Err() }
}

func isMethod(fn func(string) bool) Filter {
	return func(c *Call) (values.Value, error) { return values.Bool(fn(self(c))), c.Params().Err() }
}

// allMethod asks whether there are characters and all are of a kind.
func allMethod(is func(rune) bool) Filter {
	return isMethod(func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !is(r) })
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// asciiDigits turns the digits of all scripts into 0 to 9.
func asciiDigits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r <= unicode.MaxASCII || !unicode.IsDigit(r) {
			return r
		}
		zero := r
		for unicode.IsDigit(zero-1) && r-zero < 9 {
			zero--
		}
		return '0' + r - zero
	}, s)
}

// isDigitRune also takes superscripts, as isdigit does and isdecimal does not.
func isDigitRune(r rune) bool {
	return unicode.IsDigit(r) || strings.ContainsRune("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉①②③④⑤⑥⑦⑧⑨", r)
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return false
		}
	}
	return s != ""
}

func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) })
}

func isTitle(s string) bool {
	cased, found := false, false
	for _, r := range s {
		switch {
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			if cased {
				return false
			}
			cased, found = true, true
		case unicode.IsLower(r):
			if !cased {
				return false
			}
		default:
			cased = false
		}
	}
	return found
}

func swapcase(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
	return strings.ReplaceAll(s, "ß", "SS")
}

// titleMethod starts a word behind everything that is no letter, unlike the filter.
func titleMethod(s string) string {
	var b strings.Builder
	inWord := false
	for _, r := range values.Runes(s) {
		one := values.FromRunes([]rune{r})
		if inWord {
			b.WriteString(lower(one))
		} else {
			b.WriteString(titlecase(one))
		}
		inWord = unicode.IsLower(r) || unicode.IsUpper(r) || unicode.IsTitle(r)
	}
	return b.String()
}

func padMethod(pad func(s string, width int, fill string) string) Filter {
	return func(c *Call) (values.Value, error) {
		p := c.Params("width", "fillchar")
		p.Need("width")
		width, fill := p.Int("width", 0), p.String("fillchar", " ")
		if values.Length(fill) != 1 {
			p.fail(typeErrorf("the fill character must be exactly one character long"))
		}
		if err := firstError(p.Err(), c.Fits(max(width, 0)*len(fill))); err != nil {
			return values.Null, err
		}
		return values.String(pad(self(c), width, fill)), nil
	}
}

func ljust(s string, width int, fill string) string {
	return s + strings.Repeat(fill, max(0, width-values.Length(s)))
}

func rjust(s string, width int, fill string) string {
	return strings.Repeat(fill, max(0, width-values.Length(s))) + s
}

func strZfill(c *Call) (values.Value, error) {
	p := c.Params("width")
	p.Need("width")
	width := p.Int("width", 0)
	if err := firstError(p.Err(), c.Fits(max(width, 0))); err != nil {
		return values.Null, err
	}
	s, sign := self(c), ""
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		sign, s = s[:1], s[1:]
	}
	return values.String(sign + rjust(s, width-len(sign), "0")), nil
}

func stripMethod(left, right bool) Filter {
	return func(c *Call) (values.Value, error) {
		p := c.Params("chars")
		drop := unicode.IsSpace
		if v, ok := p.Get("chars"); ok && !v.IsNull() {
			chars := p.String("chars", "")
			drop = func(r rune) bool { return strings.ContainsRune(chars, r) }
		}
		s := self(c)
		if left {
			s = strings.TrimLeftFunc(s, drop)
		}
		if right {
			s = strings.TrimRightFunc(s, drop)
		}
		return values.String(s), p.Err()
	}
}

func trimMethod(name string, trim func(s, affix string) string) Filter {
	return func(c *Call) (values.Value, error) {
		p := c.Params(name)
		p.Need(name)
		return values.String(trim(self(c), p.String(name, ""))), p.Err()
	}
}

// strEncode keeps the string: gdeploy has no bytes apart from text.
func strEncode(c *Call) (values.Value, error) {
	p := c.Params("encoding", "errors")
	encoding := strings.ToLower(strings.ReplaceAll(p.String("encoding", "utf-8"), "_", "-"))
	switch encoding {
	case "utf-8", "utf8", "ascii":
		return values.String(self(c)), p.Err()
	}
	return values.Null, firstError(p.Err(), valueErrorf("encode(%q) is not supported: text is always UTF-8", encoding))
}

func strExpandtabs(c *Call) (values.Value, error) {
	p := c.Params("tabsize")
	size := p.Int("tabsize", 8)
	s := self(c)
	if err := firstError(p.Err(), c.Fits(len(s)+max(size, 0)*strings.Count(s, "\t"))); err != nil {
		return values.Null, err
	}
	var b strings.Builder
	column := 0
	for _, r := range values.Runes(s) {
		switch r {
		case '\t':
			if size > 0 {
				n := size - column%size
				b.WriteString(strings.Repeat(" ", n))
				column += n
			}
			continue
		case '\n', '\r':
			column = -1
		}
		b.WriteString(values.FromRunes([]rune{r}))
		column++
	}
	return values.String(b.String()), nil
}
