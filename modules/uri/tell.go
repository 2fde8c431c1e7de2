package uri

import (
	"mime"
	"strings"
	"time"

	"golang.org/x/text/encoding/ianaindex"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/uri/web"
	"github.com/gdeploy/gdeploy/values"
)

// tell gives the result of an answer: its headers under names that variables may have, and
// what was asked for of its body.
func (m *Module) tell(a *web.Answer, body []byte, began time.Time) *values.Map {
	data := modules.Data()
	for name, all := range a.Header {
		data.Set(strings.ToLower(strings.ReplaceAll(name, "-", "_")), values.String(strings.Join(all, ", ")))
	}
	data.Set("status", values.Int(int64(a.Status)))
	data.Set("url", values.String(a.URL))
	data.Set("redirected", values.Bool(a.URL != m.URL))
	data.Set("elapsed", values.Int(int64(time.Since(began).Seconds())))
	if a.Reason == "" {
		tellCookies(a, data)
	}
	kind, parameters, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	text := decoded(body, parameters["charset"])
	isJSON := false
	if strings.Contains(kind, "json") || strings.Contains(kind, "javascript") {
		if v, err := values.Decode([]byte(text)); err == nil {
			data.Set("json", v)
			isJSON = true
		}
	}
	_, err := m.verdict(a.Status, "")
	switch {
	case m.Content:
		data.Set("content", values.String(text))
	case a.Reason != "" && err == nil && !isJSON:
		data.Set("body", values.String(text))
	}
	return data
}

func tellCookies(a *web.Answer, data *values.Map) {
	cookies, pairs := modules.Data(), []string{}
	for _, c := range a.Cookies {
		cookies.Set(c.Name, values.String(c.Value))
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	data.Set("cookies", values.FromMap(cookies))
	data.Set("cookies_string", values.String(strings.Join(pairs, "; ")))
}

// decoded is the text of a body in some encoding; UTF-8 where nobody says, or nobody knows
// that encoding.
func decoded(body []byte, charset string) string {
	if charset == "" || strings.EqualFold(charset, "utf-8") {
		return string(body)
	}
	from, err := ianaindex.IANA.Encoding(charset)
	if err != nil || from == nil {
		return string(body)
	}
	text, err := from.NewDecoder().Bytes(body)
	if err != nil {
		return string(body)
	}
	return string(text)
}
