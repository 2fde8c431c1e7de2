package filters

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// urldecode reads %XX, and + as a blank.
func urldecode(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if code, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(code))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

// parts are those of a URL, as Python's urlsplit finds them.
type parts struct {
	scheme, netloc, path, query, fragment string
}

func splitURL(s string) parts {
	var u parts
	s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(strings.TrimLeft(s, " "))
	if i := strings.IndexByte(s, ':'); i > 0 && isScheme(s[:i]) {
		u.scheme, s = strings.ToLower(s[:i]), s[i+1:]
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.netloc, s = rest[:end], rest[end:]
	}
	s, u.fragment, _ = strings.Cut(s, "#")
	u.path, u.query, _ = strings.Cut(s, "?")
	return u
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9') && !strings.ContainsRune("+-.", r)) {
			return false
		}
	}
	return true
}

// optional is null where there is no such part.
func optional(s string, ok bool) values.Value {
	if !ok {
		return values.Null
	}
	return values.String(s)
}

func (u parts) value() (values.Value, error) {
	host := u.netloc
	userinfo, hasUser := "", false
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		userinfo, host, hasUser = host[:i], host[i+1:], true
	}
	username, password, hasPassword := strings.Cut(userinfo, ":")
	hostname, port, err := splitPort(host)
	if err != nil {
		return values.Null, err
	}
	return values.MapOf(
		"fragment", values.String(u.fragment),
		"hostname", optional(strings.ToLower(hostname), hostname != ""),
		"netloc", values.String(u.netloc),
		"password", optional(password, hasPassword),
		"path", values.String(u.path),
		"port", port,
		"query", values.String(u.query),
		"scheme", values.String(u.scheme),
		"username", optional(username, hasUser),
	), nil
}

func splitPort(host string) (string, values.Value, error) {
	name, port := host, ""
	if inner, ok := strings.CutPrefix(host, "["); ok {
		name, port, _ = strings.Cut(inner, "]")
		port = strings.TrimPrefix(port, ":")
	} else {
		name, port, _ = strings.Cut(host, ":")
	}
	if port == "" {
		return name, values.Null, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return name, values.Null, fmt.Errorf("urlsplit: the port %q is not a number between 0 and 65535", port)
	}
	return name, values.Int(int64(n)), nil
}

func urlsplit(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("query")
	part := p.String("query", "")
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	u, err := splitURL(text).value()
	if err != nil || part == "" {
		return u, err
	}
	v, ok := u.Get(part)
	if !ok {
		return values.Null, fmt.Errorf("urlsplit: unknown URL component: %s", part)
	}
	return v, nil
}

// urlTest reads the value and the schemes that are wanted. What is no text is no URL.
func urlTest(c *jinja.Call, fits func(u parts) bool) (bool, error) {
	p := c.Params("schemes")
	wanted := p.Value("schemes", values.Null)
	text, isText := c.Value.AsString()
	if p.Err() != nil || !isText && !c.Value.IsNull() {
		return false, p.Err()
	}
	u := splitURL(text)
	if !bracketsMatch(u.netloc) || !fits(u) {
		return false, nil
	}
	if !wanted.Truthy() {
		return true, nil
	}
	return jinja.Contains(wanted, values.String(u.scheme))
}

// bracketsMatch is all that Python asks of a host's name.
func bracketsMatch(netloc string) bool {
	return strings.Contains(netloc, "[") == strings.Contains(netloc, "]")
}

// isURI holds of every text where no schemes are asked for, as in Ansible.
func isURI(c *jinja.Call) (bool, error) {
	return urlTest(c, func(parts) bool { return true })
}

func isURL(c *jinja.Call) (bool, error) {
	return urlTest(c, func(u parts) bool { return u.netloc != "" || u.scheme == "file" })
}

func isURN(c *jinja.Call) (bool, error) {
	return urlTest(c, func(u parts) bool { return u.scheme == "urn" })
}
