package apt

import (
	"context"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// isPattern reports whether a name stands for all packages that it matches.
func isPattern(name string) bool {
	return strings.ContainsAny(bare(name), "*?[") && isName.MatchString(strings.Map(letter, bare(name)))
}

// letter puts a letter where a pattern has what is none of a name.
func letter(c rune) rune {
	if strings.ContainsRune("*?[]!^-", c) {
		return 'x'
	}
	return c
}

// names are the packages that are meant, with those in the place of a pattern that it matches.
func (m *Module) names(ctx context.Context, sys modules.System) ([]string, error) {
	var all []string
	for _, name := range m.Name {
		if !isPattern(name) {
			all = append(all, name)
			continue
		}
		matched, err := m.matched(ctx, sys, name)
		if err != nil {
			return nil, err
		}
		all = append(all, matched...)
	}
	return all, nil
}

// matched gives the packages that a pattern matches; it may match none where packages are to go.
func (m *Module) matched(ctx context.Context, sys modules.System, name string) ([]string, error) {
	pattern, version, exact := strings.Cut(name, "=")
	literal := pattern[:strings.IndexAny(pattern, "*?[")]
	out, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"apt-cache", "pkgnames", literal}})
	var found []string
	for _, known := range strings.Fields(out.Stdout) {
		if fits, err := path.Match(pattern, known); err != nil || !fits {
			continue
		}
		if exact {
			known += "=" + version
		}
		found = append(found, known)
	}
	if err == nil && len(found) == 0 && m.State != "absent" {
		err = modules.Fail("No package(s) matching '%s' available", name)
	}
	return found, err
}
