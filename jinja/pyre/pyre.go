// Package pyre gives Python's re module: its patterns, its flags, its replacement
// templates, its way of numbering groups and of matching empty strings. Matching is
// bounded in time, since a pattern may need longer than the run may take.
package pyre

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/gdeploy/gdeploy/values"
)

// Timeout is how long one match may take.
const Timeout = 5 * time.Second

// Flags are those of re.compile.
type Flags uint8

// The flags that change the meaning of a pattern.
const (
	IgnoreCase Flags = 1 << iota
	Multiline
	DotAll
	Verbose
)

// ParseFlags reads the letters of inline flags: i, m, s and x; others change nothing.
func ParseFlags(letters string) Flags {
	var flags Flags
	for letter, flag := range map[string]Flags{"i": IgnoreCase, "m": Multiline, "s": DotAll, "x": Verbose} {
		if strings.Contains(letters, letter) {
			flags |= flag
		}
	}
	return flags
}

// Error is a pattern or replacement that is not valid.
type Error struct {
	Pattern string
	At      int // characters before the mistake
	Msg     string
}

// Error says what is wrong where.
func (e *Error) Error() string {
	return fmt.Sprintf("the regular expression %q is not valid: %s at position %d", e.Pattern, e.Msg, e.At)
}

// Regexp is a compiled pattern; it is safe for concurrent use.
type Regexp struct {
	re      *regexp2.Regexp
	source  string
	options regexp2.RegexOptions
	groups  int
	names   map[string]int

	once     sync.Once
	start    *regexp2.Regexp // re, at the start of the text only
	startErr error
}

// Compile reads a pattern in Python's notation.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	t, err := translate(values.Runes(pattern), flags)
	if err != nil {
		return nil, err
	}
	re, err := regexp2.Compile(t.out.String(), t.options)
	if err != nil {
		return nil, &Error{Pattern: pattern, At: t.at, Msg: err.Error()}
	}
	re.MatchTimeout = Timeout
	return &Regexp{re: re, source: pattern, options: t.options, groups: t.groups, names: t.names}, nil
}

// Groups is the number of groups in the pattern.
func (r *Regexp) Groups() int { return r.groups }

// Group gives the number of a named group.
func (r *Regexp) Group(name string) (int, bool) {
	n, ok := r.names[name]
	return n, ok
}

// Match is one place where a pattern matches.
type Match struct {
	// Start and End count characters.
	Start, End int
	groups     []group
}

type group struct {
	text string
	ok   bool
}

// Text is what the whole pattern matched.
func (m *Match) Text() string { return m.groups[0].text }

// Group is what group i matched; ok is false where it took no part.
func (m *Match) Group(i int) (text string, ok bool) {
	if i < 0 || i >= len(m.groups) {
		return "", false
	}
	return m.groups[i].text, m.groups[i].ok
}

// Search finds the first match, or nil.
func (r *Regexp) Search(text string) (*Match, error) {
	m, err := r.re.FindRunesMatch(values.Runes(text))
	return r.convert(m), r.timeout(err)
}

// MatchStart finds a match that starts where the text does, or nil.
func (r *Regexp) MatchStart(text string) (*Match, error) {
	r.once.Do(func() {
		r.start, r.startErr = regexp2.Compile(`\A(?:`+r.re.String()+`)`, r.options)
		if r.startErr == nil {
			r.start.MatchTimeout = Timeout
		}
	})
	if r.startErr != nil {
		return nil, &Error{Pattern: r.source, Msg: r.startErr.Error()}
	}
	m, err := r.start.FindRunesMatch(values.Runes(text))
	return r.convert(m), r.timeout(err)
}

func (r *Regexp) timeout(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the regular expression %q takes longer than %s: make it simpler", r.source, Timeout)
}

func (r *Regexp) convert(m *regexp2.Match) *Match {
	if m == nil {
		return nil
	}
	found := &Match{Start: m.Index, End: m.Index + m.Length}
	for i := range r.groups + 1 {
		g := m.GroupByNumber(i)
		if g == nil || len(g.Captures) == 0 {
			found.groups = append(found.groups, group{})
			continue
		}
		found.groups = append(found.groups, group{values.FromRunes(g.Runes()), true})
	}
	return found
}

// FindAll finds the matches that do not overlap, at most limit where that is above 0.
// As in Python, an empty match may stand right behind another match.
func (r *Regexp) FindAll(text string, limit int) ([]*Match, error) {
	runes := values.Runes(text)
	var found []*Match
	m, err := r.re.FindRunesMatch(runes)
	for m != nil && err == nil {
		found = append(found, r.convert(m))
		if limit > 0 && len(found) == limit {
			break
		}
		m, err = r.re.FindNextMatch(m)
	}
	return found, r.timeout(err)
}

// Cache keeps compiled patterns; it is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	known map[cacheKey]*Regexp
}

type cacheKey struct {
	pattern string
	flags   Flags
}

// cacheSize is how many patterns a Cache keeps before it starts anew.
const cacheSize = 512

// Compile is Compile that remembers.
func (c *Cache) Compile(pattern string, flags Flags) (*Regexp, error) {
	key := cacheKey{pattern, flags}
	c.mu.Lock()
	r := c.known[key]
	c.mu.Unlock()
	if r != nil {
		return r, nil
	}
	r, err := Compile(pattern, flags)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= cacheSize {
		c.known = map[cacheKey]*Regexp{}
	}
	c.known[key] = r
	return r, nil
}
