package jinja

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/values"
)

var htmlEscapes = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func escapeHTML(s string) string { return htmlEscapes.Replace(s) }

// striptags drops comments and tags, folds blanks and turns entities into characters.
func striptags(s string) string {
	s = cut(s, "<!--", "-->")
	s = cut(s, "<", ">")
	return html.UnescapeString(strings.Join(strings.Fields(s), " "))
}

// cut drops everything from each start to the next end.
func cut(s, start, end string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, start)
		if i < 0 {
			break
		}
		j := strings.Index(s[i+len(start):], end)
		if j < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i+len(start)+j+len(end):]
	}
	return b.String() + s
}

// QuoteURL percent-encodes all but letters, digits, "_.-~" and the characters of safe.
func QuoteURL(s, safe string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || strings.IndexByte("_.-~", c) >= 0
		if plain || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func filterUrlencode(c *Call) (values.Value, error) {
	if err := c.Params().Err(); err != nil {
		return values.Null, err
	}
	m, isMap, err := AsMap(c.Value)
	if err != nil {
		return values.Null, err
	}
	if isMap {
		return urlencodePairs(pairsOf(m))
	}
	if c.Value.Kind() == values.KindList {
		return urlencodePairs(c.Value.Items())
	}
	text, err := c.Text()
	return values.String(QuoteURL(text, "/")), err
}

func urlencodePairs(pairs []values.Value) (values.Value, error) {
	parts := make([]string, len(pairs))
	for i, pair := range pairs {
		items, err := Iterate(pair)
		if err != nil {
			return values.Null, err
		}
		if len(items) != 2 {
			return values.Null, valueErrorf("urlencode needs pairs of a key and a value, not %d values", len(items))
		}
		key, err := textOf(items[0])
		if err != nil {
			return values.Null, err
		}
		text, err := textOf(items[1])
		if err != nil {
			return values.Null, err
		}
		parts[i] = quotePlus(key) + "=" + quotePlus(text)
	}
	return values.String(strings.Join(parts, "&")), nil
}

func quotePlus(s string) string { return strings.ReplaceAll(QuoteURL(s, ""), "%20", "+") }

func filterXmlattr(c *Call) (values.Value, error) {
	p := c.Params("autospace")
	autospace := p.Bool("autospace", true)
	m, ok, err := AsMap(c.Value)
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	if !ok {
		return values.Null, typeErrorf("xmlattr needs a dict, not %s", TypeName(c.Value))
	}
	var parts []string
	for key, v := range m.All() {
		if v.IsNull() || IsUndefined(v) {
			continue
		}
		name, err := textOf(key)
		if err != nil {
			return values.Null, err
		}
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("/>=", r) }) {
			return values.Null, valueErrorf("xmlattr: %q is no name of an attribute", name)
		}
		text, err := textOf(v)
		if err != nil {
			return values.Null, err
		}
		parts = append(parts, escapeHTML(name)+`="`+escapeHTML(text)+`"`)
	}
	attributes := strings.Join(parts, " ")
	if autospace && attributes != "" {
		attributes = " " + attributes
	}
	return values.String(attributes), nil
}

var jsonEscapes = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)

func filterTojson(c *Call) (values.Value, error) {
	p := c.Params("indent")
	o := pyjson.Options{SortKeys: true, ASCII: true, Default: plainData}
	if v, ok := p.Get("indent"); ok && !v.IsNull() {
		o.Indented = true
		o.Indent = strings.Repeat(" ", max(0, min(p.Int("indent", 0), 100)))
	}
	if err := firstError(p.Err(), Defined(c.Value)); err != nil {
		return values.Null, err
	}
	text, err := pyjson.Encode(c.Value, o)
	return values.String(jsonEscapes.Replace(text)), err
}

// plainData turns an object that stands for a map or list into one.
func plainData(v values.Value) (values.Value, error) {
	if m, ok, err := AsMap(v); ok || err != nil {
		return values.FromMap(m), err
	}
	items, err := Iterate(v)
	if err != nil {
		return values.Null, typeErrorf("Object of type %s is not JSON serializable", TypeName(v))
	}
	return values.FromSlice(items), nil
}

// filterUrlize makes links of the addresses in a text.
func filterUrlize(c *Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("trim_url_limit", "nofollow", "target", "rel", "extra_schemes")
	limit := -1
	if v, ok := p.Get("trim_url_limit"); ok && !v.IsNull() {
		limit = p.Int("trim_url_limit", -1)
	}
	rel := map[string]bool{"noopener": true}
	if p.Bool("nofollow", false) {
		rel["nofollow"] = true
	}
	if v, ok := p.Get("rel"); ok && !v.IsNull() {
		for _, word := range strings.Fields(p.String("rel", "")) {
			rel[word] = true
		}
	}
	attributes := ` rel="` + strings.Join(sortedKeys(rel), " ") + `"`
	if v, ok := p.Get("target"); ok && !v.IsNull() {
		attributes += ` target="` + escapeHTML(p.String("target", "")) + `"`
	}
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	var b strings.Builder
	for _, word := range splitBlanks(escapeHTML(text)) {
		b.WriteString(urlizeWord(word, limit, attributes))
	}
	return values.String(b.String()), nil
}

// webAddress is a host with a scheme or www in front, or one in a well-known top domain.
var webAddress = regexp.MustCompile(`(?i)^(?:(?:https?://|www\.)(?:[\w%-]+\.)*[a-z]{2,63}` +
	`|(?:[\w%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)` +
	`|https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:]+\]))(?::\d{1,5})?(?:[/?#]\S*)?$`)

func urlizeWord(word string, limit int, attributes string) string {
	head := word[:len(word)-len(strings.TrimLeft(word, "(<"))]
	middle := strings.TrimRight(word[len(head):], ".,)>")
	tail := word[len(head)+len(middle):]
	shown := middle
	if runes := values.Runes(middle); limit >= 0 && len(runes) > limit {
		shown = values.FromRunes(runes[:limit]) + "..."
	}
	link := func(href string) string {
		return head + `<a href="` + href + `"` + attributes + `>` + shown + `</a>` + tail
	}
	switch {
	case !webAddress.MatchString(middle):
	case strings.HasPrefix(middle, "https://"), strings.HasPrefix(middle, "http://"):
		return link(middle)
	default:
		return link("https://" + middle)
	}
	user, host, ok := strings.Cut(middle, "@")
	if ok && user != "" && strings.Contains(host, ".") && !strings.Contains(middle, ":") {
		return head + `<a href="mailto:` + middle + `">` + middle + `</a>` + tail
	}
	return word
}

// splitBlanks splits a text into words and the blanks between them.
func splitBlanks(s string) []string {
	var parts []string
	start, blank := 0, false
	for i, r := range s {
		if i > start && unicode.IsSpace(r) != blank {
			parts = append(parts, s[start:i])
			start = i
		}
		blank = unicode.IsSpace(r)
	}
	return append(parts, s[start:])
}
