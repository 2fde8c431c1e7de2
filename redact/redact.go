// Package redact knows the secrets of a run and takes them out of whatever is shown.
//
// Secrets are added as they become known: decrypted values, passwords, secret
// parameters. A text of four characters or more is replaced wherever it occurs, a shorter
// one only where it is a whole field, since it would hit by chance.
package redact

import (
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// Mask stands where a secret was.
const Mask = "********"

// shortest is the length from which on a secret is looked for inside other text.
const shortest = 4

// Secrets are the secrets of one run. They may be used from any goroutine.
type Secrets struct {
	mu    sync.RWMutex
	known map[string]bool
	short map[string]bool
	// byFirst has the longer secrets by their first byte, the longest first.
	byFirst map[byte][]string
}

// New makes an empty set.
func New() *Secrets {
	return &Secrets{known: map[string]bool{}, short: map[string]bool{}, byFirst: map[byte][]string{}}
}

// Add makes a secret known, also as it is written within a printed list and within JSON. The
// lines of a secret of several lines are secrets too, since programs print them one by one.
func (s *Secrets) Add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[secret] || s.short[secret] {
		return
	}
	for _, form := range []string{secret, within(values.Repr(values.String(secret))), within(string(values.JSON(values.String(secret))))} {
		s.add(form)
	}
	if lines := strings.Split(secret, "\n"); len(lines) > 1 {
		for _, line := range lines {
			if line = strings.TrimSpace(line); len(line) >= 8 {
				s.add(line)
			}
		}
	}
}

// within is what stands between quotes.
func within(quoted string) string { return quoted[1 : len(quoted)-1] }

func (s *Secrets) add(secret string) {
	if trimmed := strings.TrimRight(secret, "\r\n"); trimmed != secret {
		s.add(trimmed)
	}
	switch {
	case secret == "" || s.known[secret]:
	case len(secret) < shortest:
		s.short[secret] = true
	default:
		s.known[secret] = true
		list := append(s.byFirst[secret[0]], secret)
		slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
		s.byFirst[secret[0]] = list
	}
}

// Text gives text without secrets.
func (s *Secrets) Text(text string) string {
	s.mu.RLock()
	whole := s.short[text]
	s.mu.RUnlock()
	if whole {
		return Mask
	}
	masked, _ := s.scan(text, true)
	return masked
}

// scan replaces the secrets in text from left to right, of several that begin at one place
// the longest. Unless it is the end, what may be the beginning of a secret is left as rest.
func (s *Secrets) scan(text string, end bool) (masked, rest string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out strings.Builder
	clean := 0
	for i := 0; i < len(text); {
		n, cut := s.match(text[i:])
		if cut && !end {
			return out.String() + text[clean:i], text[i:]
		}
		if n == 0 {
			i++
			continue
		}
		out.WriteString(text[clean:i])
		out.WriteString(Mask)
		i += n
		clean = i
	}
	return out.String() + text[clean:], ""
}

// match gives the length of the longest secret that text begins with, and whether text
// may be the cut off beginning of one.
func (s *Secrets) match(text string) (n int, cut bool) {
	for _, secret := range s.byFirst[text[0]] {
		if n == 0 && strings.HasPrefix(text, secret) {
			n = len(secret)
		}
		cut = cut || len(text) < len(secret) && strings.HasPrefix(secret, text)
	}
	return n, cut
}

// Value gives v as it may be shown: without secrets, those that are known and whatever is
// marked secret, and without marks.
func (s *Secrets) Value(v values.Value) values.Value {
	switch v.Kind() {
	case values.KindList:
		return s.list(v)
	case values.KindMap:
		return s.mapping(v)
	}
	if v.Secret() {
		return values.String(Mask)
	}
	switch v.Kind() {
	case values.KindString:
		text, _ := v.AsString()
		return values.String(s.Text(text))
	case values.KindBool:
		b, _ := v.AsBool()
		return values.Bool(b)
	case values.KindNull:
		return values.Null
	}
	return s.number(v)
}

// number masks a number that is a secret.
func (s *Secrets) number(v values.Value) values.Value {
	if text := values.Text(v); s.Text(text) != text {
		return values.String(Mask)
	}
	if i, ok := v.AsBig(); ok {
		return values.BigInt(i)
	}
	if f, ok := v.AsFloat(); ok {
		return values.Float(f)
	}
	return v
}

func (s *Secrets) list(v values.Value) values.Value {
	items := v.Items()
	masked := make([]values.Value, len(items))
	for i, item := range items {
		masked[i] = s.Value(item)
	}
	return values.FromSlice(masked)
}

func (s *Secrets) mapping(v values.Value) values.Value {
	m, _ := v.AsMap()
	masked := values.NewMap(m.Len())
	for key, item := range m.All() {
		masked.SetKey(s.Value(key), s.Value(item))
	}
	return values.FromMap(masked)
}

// Writer gives a writer that takes the secrets out of what passes through it, also where
// they lie across the borders of writes. Close writes what was held back.
func (s *Secrets) Writer(to io.Writer) io.WriteCloser { return &writer{secrets: s, to: to} }

type writer struct {
	secrets *Secrets
	to      io.Writer
	held    string
}

// Write passes on what cannot be the beginning of a secret any more.
func (w *writer) Write(data []byte) (int, error) {
	masked, rest := w.secrets.scan(w.held+string(data), false)
	w.held = rest
	if _, err := io.WriteString(w.to, masked); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Close writes the rest.
func (w *writer) Close() error {
	masked, _ := w.secrets.scan(w.held, true)
	w.held = ""
	_, err := io.WriteString(w.to, masked)
	return err
}
