package apt

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// flags are the options that apt-get gets for everything that it does.
func (m *Module) flags() []string {
	argv := []string{"apt-get", "-y", "-o", "DPkg::Lock::Timeout=" + strconv.Itoa(m.LockTimeout)}
	for _, option := range m.DpkgOptions {
		argv = append(argv, "-o", "Dpkg::Options::=--"+option)
	}
	if m.InstallRecommends != nil {
		argv = append(argv, "-o", fmt.Sprintf("APT::Install-Recommends=%t", *m.InstallRecommends))
	}
	if m.DefaultRelease != "" {
		argv = append(argv, "-t", m.DefaultRelease)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{m.AllowDowngrade, "--allow-downgrades"}, {m.AllowUnsigned, "--allow-unauthenticated"},
		{m.AllowHeld, "--allow-change-held-packages"}, {m.FailOnAutoremove, "--no-remove"},
		{m.Autoremove, "--auto-remove"}, {m.Purge, "--purge"},
	} {
		if flag.set {
			argv = append(argv, flag.name)
		}
	}
	return argv
}

// Cache are the parameters about the lists of packages that there are.
type Cache struct {
	UpdateCache    *bool         `json:"update_cache" aliases:"update-cache" help:"fetch the lists of packages first"`
	CacheValidTime time.Duration `json:"cache_valid_time" default:"0" help:"but only where they are older than this"`
	Retries        int           `json:"update_cache_retries" default:"5" help:"how often to try"`
	RetryDelay     time.Duration `json:"update_cache_retry_max_delay" default:"12" help:"how long to wait at most between two tries"`
}

// update fetches the lists of packages where that is wanted and they are too old. It
// counts as a change only where nothing else is asked for.
func (c Cache) update(ctx context.Context, sys modules.System, told *values.Map, alone bool) error {
	age := lastUpdate(sys)
	told.Set("cache_updated", values.False)
	told.Set("cache_update_time", values.Int(max(0, age.Unix())))
	wanted := c.UpdateCache != nil && *c.UpdateCache || c.UpdateCache == nil && c.CacheValidTime > 0
	if !wanted || !age.Add(c.CacheValidTime).Before(sys.Now()) {
		return nil
	}
	if alone {
		return c.fetch(ctx, sys, told)
	}
	return modules.Aside(sys, func(sys modules.System) error { return c.fetch(ctx, sys, told) })
}

func (c Cache) fetch(ctx context.Context, sys modules.System, told *values.Map) error {
	delay := time.Second
	for try := 1; ; try++ {
		_, err := modules.Exec(ctx, sys, modules.Command{Argv: []string{"apt-get", "-y", "update"}, Env: environment})
		if err == nil {
			told.Set("cache_updated", values.True)
			told.Set("cache_update_time", values.Int(max(0, lastUpdate(sys).Unix())))
			return nil
		}
		if errors.Is(err, modules.ErrWouldRun) {
			told.Set("cache_updated", values.True)
		}
		if try >= c.Retries || errors.Is(err, modules.ErrWouldRun) || ctx.Err() != nil {
			return modules.Fail("Failed to update apt cache: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(delay, c.RetryDelay)):
			delay *= 2
		}
	}
}

// lastUpdate is when the lists were fetched; the zero of Unix where that is not known.
func lastUpdate(sys modules.Reader) time.Time {
	for _, name := range []string{"/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists"} {
		if st, err := sys.Stat(name); err == nil {
			return st.ModTime
		}
	}
	return time.Unix(0, 0)
}

// state is what dpkg knows of a package.
type state struct {
	installed, configured bool
	version               string
}

// has reports whether it is installed, in the version of name=version if there is one.
func (s state) has(name string) bool {
	_, version, exact := strings.Cut(name, "=")
	if !s.installed || !exact {
		return s.installed
	}
	fits, err := path.Match(version, s.version)
	return s.version == version || err == nil && fits
}

// bare is the name without a version.
func bare(name string) string {
	name, _, _ = strings.Cut(name, "=")
	return name
}

// installed asks dpkg about packages. One that it does not know is not in the answer.
func installed(ctx context.Context, sys modules.System, names []string) (map[string]state, error) {
	argv := []string{"dpkg-query", "--show", "--showformat", "${Package} ${Architecture} ${Version} ${Status}\\n"}
	for _, name := range names {
		argv = append(argv, bare(name))
	}
	out, err := sys.Query(ctx, modules.Command{Argv: argv})
	if err != nil {
		return nil, err
	}
	found := map[string]state{}
	for line := range strings.Lines(out.Stdout) {
		f := strings.Fields(line)
		if len(f) != 6 {
			continue // known by name only: it has no version
		}
		s := state{installed: f[5] == "installed", configured: f[5] == "config-files", version: f[2]}
		for _, name := range []string{f[0], f[0] + ":" + f[1]} {
			if !found[name].installed {
				found[name] = s
			}
		}
	}
	return found, nil
}

var (
	unknown   = regexp.MustCompile(`E: (?:Unable to locate package|Package '?)\s?([^\s']+)`)
	noVersion = regexp.MustCompile(`E: Version '([^']+)' for '([^']+)' was not found`)
)

// failed says what apt-get did not like, as Ansible does.
func failed(told *values.Map, argv []string, out modules.Output, err error) (modules.Result, error) {
	if err != nil {
		return modules.Result{Data: told}, err
	}
	if name := unknown.FindStringSubmatch(out.Stderr); name != nil {
		return modules.Result{Data: told}, modules.Fail("No package matching '%s' is available", name[1])
	}
	if name := noVersion.FindStringSubmatch(out.Stderr); name != nil {
		return modules.Result{Data: told}, modules.Fail("no available installation candidate for %s=%s", name[2], name[1])
	}
	addOutput(told, out)
	told.Set("rc", values.Int(int64(out.RC)))
	return modules.Result{Data: told}, modules.Fail("'%s' failed: %s", modules.CommandLine(argv), out.Stderr)
}

func addOutput(told *values.Map, out modules.Output) {
	told.Set("stdout", values.String(out.Stdout))
	told.Set("stdout_lines", modules.Lines(out.Stdout))
	told.Set("stderr", values.String(out.Stderr))
	told.Set("stderr_lines", modules.Lines(out.Stderr))
}
