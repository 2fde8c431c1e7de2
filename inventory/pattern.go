package inventory

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout bounds one match of a ~regex, so that a careless one cannot hang the run.
const matchTimeout = time.Second

// Select gives the hosts that a pattern chooses and the limit leaves, in Ansible's
// order. The pattern is names and globs of groups and hosts, joined by "," or ":"; a
// part with & keeps only its hosts, one with ! takes its hosts out, ~ starts a regular
// expression, and [0], [-1], [0:2] choose by number. No host is no error: see Unmatched.
func (inv *Inventory) Select(pattern string) ([]*Host, error) {
	inv.lock.Lock()
	defer inv.lock.Unlock()
	hosts, err := inv.match(splitPattern(pattern))
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	if inv.limit == nil {
		return hosts, nil
	}
	limited, err := inv.match(inv.limit)
	if err != nil {
		return nil, fmt.Errorf("limit %q: %w", inv.limitText, err)
	}
	return keep(hosts, limited), nil
}

// SelectAll gives the hosts that a pattern chooses, whatever the limit leaves out.
func (inv *Inventory) SelectAll(pattern string) ([]*Host, error) {
	inv.lock.Lock()
	defer inv.lock.Unlock()
	hosts, err := inv.match(splitPattern(pattern))
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return hosts, nil
}

// Unmatched tells which parts of a pattern match no group and no host, with the nearest
// names; people want to know it even where other parts match.
func (inv *Inventory) Unmatched(pattern string) []Warning {
	inv.lock.Lock()
	defer inv.lock.Unlock()
	return inv.unmatched(splitPattern(pattern))
}

func (inv *Inventory) unmatched(parts []string) []Warning {
	var warnings []Warning
	for _, part := range parts {
		name, choose := cutSubscript(strings.TrimLeft(part, "&!"))
		hosts, groups, err := inv.enumerate(name)
		switch {
		case err != nil || name == "all":
		case len(hosts) == 0 && !groups:
			warnings = append(warnings, Warning{Msg: fmt.Sprintf("%q matches no group and no host%s", part, nearest(name, inv.names()))})
		case len(hosts) > 0 && choose != nil && len(choose(hosts)) == 0:
			warnings = append(warnings, Warning{Msg: fmt.Sprintf("%q asks for a host that is not there: %q has %d", part, name, len(hosts))})
		}
	}
	return warnings
}

// names gives the names of all groups and hosts.
func (g *graph) names() []string {
	known := g.groupNames()
	for _, host := range g.hostOrder {
		known = append(known, host.Name)
	}
	return known
}

var patternParts = regexp.MustCompile(`(?:[^\s:\[\]]|\[[^\]]*\])+`)

// splitPattern takes a pattern apart at its commas, or where it has none at its colons,
// which addresses and ranges may hold too.
func splitPattern(pattern string) []string {
	var parts []string
	switch _, _, isHost := splitPort(pattern); {
	case strings.Contains(pattern, ","):
		parts = strings.Split(pattern, ",")
	case isHost:
		parts = []string{pattern}
	default:
		parts = patternParts.FindAllString(pattern, -1)
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// limitParts takes a limit apart and reads the files that it names.
func limitParts(pattern string) ([]string, error) {
	var parts []string
	for _, part := range splitPattern(pattern) {
		file, ok := strings.CutPrefix(part, "@")
		if !ok {
			parts = append(parts, part)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("limit %q: %w", pattern, err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" {
				parts = append(parts, line)
			}
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("the limit %q names no host: leave it out, or write -l all", pattern)
	}
	return parts, nil
}

// match evaluates parts: first the plain ones, then & in their order, then !.
func (inv *Inventory) match(parts []string) ([]*Host, error) {
	var plain, narrowing, excluding []string
	for _, part := range parts {
		switch part[0] {
		case '&':
			narrowing = append(narrowing, part[1:])
		case '!':
			excluding = append(excluding, part[1:])
		default:
			plain = append(plain, part)
		}
	}
	if len(plain) == 0 {
		plain = []string{"all"}
	}
	hosts, err := inv.union(plain)
	if err != nil {
		return nil, err
	}
	for _, part := range narrowing {
		only, err := inv.matchOne(part)
		if err != nil {
			return nil, err
		}
		hosts = keep(hosts, only)
	}
	for _, part := range excluding {
		out, err := inv.matchOne(part)
		if err != nil {
			return nil, err
		}
		hosts = drop(hosts, out)
	}
	return hosts, nil
}

func (inv *Inventory) union(parts []string) ([]*Host, error) {
	seen := map[*Host]bool{}
	var hosts []*Host
	for _, part := range parts {
		more, err := []*Host{inv.hosts[part]}, error(nil)
		if more[0] == nil { // a host's own name means the host, even where a group has it too
			more, err = inv.matchOne(part)
		}
		if err != nil {
			return nil, err
		}
		for _, host := range more {
			if !seen[host] {
				seen[host] = true
				hosts = append(hosts, host)
			}
		}
	}
	return hosts, nil
}

// matchOne gives the hosts that one part matches.
func (inv *Inventory) matchOne(part string) ([]*Host, error) {
	name, choose := cutSubscript(part)
	hosts, _, err := inv.enumerate(name)
	if err != nil || choose == nil || len(hosts) == 0 {
		return hosts, err
	}
	return choose(hosts), nil
}

// enumerate gives the hosts of all groups that name matches, and where it matches none,
// or is a glob or a regular expression, the hosts that it matches.
func (inv *Inventory) enumerate(name string) (hosts []*Host, groups bool, err error) {
	if strings.HasPrefix(name, "~") || strings.ContainsAny(name, "*?[") {
		return inv.search(name)
	}
	if group := inv.groups[name]; group != nil {
		groups, hosts = true, group.inside()
	}
	if host := inv.hosts[name]; host != nil && (!groups || strings.Contains(name, ".")) {
		hosts = append(hosts, host)
	}
	if len(hosts) == 0 && isLocalName(name) {
		hosts = append(hosts, inv.host(name))
	}
	return hosts, groups, nil
}

// search gives the hosts of the groups, and the hosts, that a glob or ~regex matches.
func (inv *Inventory) search(name string) (hosts []*Host, groups bool, err error) {
	matches, err := matcher(name)
	if err != nil {
		return nil, false, err
	}
	for _, group := range inv.groupOrder {
		yes, err := matches(group.Name)
		if err != nil {
			return nil, false, err
		}
		if yes {
			groups = true
			hosts = append(hosts, group.inside()...)
		}
	}
	for _, host := range inv.hostOrder {
		yes, err := matches(host.Name)
		if err != nil {
			return nil, false, err
		}
		if yes {
			hosts = append(hosts, host)
		}
	}
	return hosts, groups, nil
}

// matcher turns a glob or a ~regex into a test. As in Python, a regular expression
// needs to match only the beginning. One that takes too long is an error: what it would leave
// out must not be taken.
func matcher(name string) (func(string) (bool, error), error) {
	expr, isRegex := strings.CutPrefix(name, "~")
	if isRegex {
		expr = `\A(?:` + expr + `)`
	} else {
		expr = `\A(?:` + globExpr(name) + `)\z`
	}
	compiled, err := regexp2.Compile(expr, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("%q is no regular expression: %w", name, err)
	}
	compiled.MatchTimeout = matchTimeout
	return func(s string) (bool, error) {
		yes, err := compiled.MatchString(s)
		if err != nil {
			err = fmt.Errorf("%q cannot be matched against %q within %s: write it so that it need not try so much", name, s, matchTimeout)
		}
		return yes, err
	}, nil
}

// globExpr turns a glob into a regular expression: *, ?, [seq] and [!seq].
func globExpr(glob string) string {
	var b strings.Builder
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(`[\s\S]*`)
		case '?':
			b.WriteString(`[\s\S]`)
		case '[':
			end := classEnd(glob, i)
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(classExpr(glob[i+1 : end]))
			i = end
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}

// classEnd finds the ] that ends the class at glob[start]; a ] right behind [ or [! is
// part of the class.
func classEnd(glob string, start int) int {
	from := start + 1
	if from < len(glob) && glob[from] == '!' {
		from++
	}
	if from >= len(glob) {
		return -1
	}
	end := strings.IndexByte(glob[from+1:], ']')
	if end < 0 {
		return -1
	}
	return from + 1 + end
}

func classExpr(body string) string {
	rest, negated := strings.CutPrefix(body, "!")
	rest = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(rest)
	if negated {
		return "[^" + rest + "]"
	}
	return "[" + rest + "]"
}

var subscript = regexp.MustCompile(`^(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]$`)

// cutSubscript takes [n] or [first:last] off a part; choose is nil where there is none.
func cutSubscript(part string) (name string, choose func([]*Host) []*Host) {
	m := subscript.FindStringSubmatch(part)
	if m == nil || strings.HasPrefix(part, "~") {
		return part, nil
	}
	if m[2] != "" {
		return m[1], func(hosts []*Host) []*Host { return nth(hosts, atoi(m[2])) }
	}
	return m[1], func(hosts []*Host) []*Host {
		last := len(hosts) - 1
		if m[4] != "" {
			last = min(last, atoi(m[4]))
		}
		if first := atoi(m[3]); first <= last {
			return hosts[first : last+1]
		}
		return nil
	}
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return math.MaxInt // beyond every host
	}
	return n
}

// nth gives one host, or none where there are fewer; negative numbers count from the end.
func nth(hosts []*Host, n int) []*Host {
	if n < 0 {
		n += len(hosts)
	}
	if n < 0 || n >= len(hosts) {
		return nil
	}
	return hosts[n : n+1]
}

func keep(hosts, only []*Host) []*Host {
	in := set(only)
	return slices.DeleteFunc(slices.Clone(hosts), func(h *Host) bool { return !in[h] })
}

func drop(hosts, out []*Host) []*Host {
	in := set(out)
	return slices.DeleteFunc(slices.Clone(hosts), func(h *Host) bool { return in[h] })
}

func set(hosts []*Host) map[*Host]bool {
	in := make(map[*Host]bool, len(hosts))
	for _, host := range hosts {
		in[host] = true
	}
	return in
}
