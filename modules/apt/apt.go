// Package apt installs, upgrades and removes packages of Debian and its kin.
package apt

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "apt", New: func() modules.Module { return new(Module) }, Refused: Refused}

// Refused are parameters of Ansible's apt that are not here.
var Refused = map[string]string{
	"force":       "say what may be done: allow_downgrade, allow_unauthenticated, allow_change_held_packages",
	"policy_rc_d": "write /usr/sbin/policy-rc.d with the module copy, and remove it afterwards",
}

// Module holds the parameters.
type Module struct {
	Name      []string `json:"name" aliases:"package,pkg" help:"the packages, also with a version (shop=1.2*) or as a pattern (shop-*)"`
	State     string   `json:"state" default:"present" choices:"absent,latest,present" help:"whether they shall be installed, and in the newest version that there is"`
	Deb       string   `json:"deb" type:"path" help:"a package file on the host to install"`
	Upgrade   string   `json:"upgrade" default:"no" choices:"dist,full,no,safe,yes" help:"upgrade all packages; with dist or full others may go for it"`
	Autoclean bool     `json:"autoclean" default:"no" help:"remove fetched packages that are no longer to be had, where nothing else is asked for"`
	Clean     bool     `json:"clean" default:"no" help:"remove all fetched packages"`
	Cache
	Options
}

// Options say how packages are installed.
type Options struct {
	Autoremove        bool     `json:"autoremove" default:"no" help:"remove packages that were only there for others"`
	Purge             bool     `json:"purge" default:"no" help:"with absent, remove their configuration too"`
	OnlyUpgrade       bool     `json:"only_upgrade" default:"no" help:"upgrade packages that are installed, and install none"`
	InstallRecommends *bool    `json:"install_recommends" aliases:"install-recommends" help:"install what packages recommend; the host's setting by default"`
	DefaultRelease    string   `json:"default_release" aliases:"default-release" help:"the release to take packages from"`
	DpkgOptions       []string `json:"dpkg_options" default:"force-confdef,force-confold" help:"options of dpkg, without --"`
	AllowDowngrade    bool     `json:"allow_downgrade" aliases:"allow-downgrade,allow_downgrades,allow-downgrades" default:"no" help:"a version may be older than the one that is there"`
	AllowUnsigned     bool     `json:"allow_unauthenticated" aliases:"allow-unauthenticated" default:"no" help:"packages need not be signed"`
	AllowHeld         bool     `json:"allow_change_held_packages" default:"no" help:"packages on hold may be changed"`
	FailOnAutoremove  bool     `json:"fail_on_autoremove" default:"no" help:"fail where packages would have to go"`
	LockTimeout       int      `json:"lock_timeout" default:"60" help:"seconds to wait for another apt"`
	ForceAptGet       bool     `json:"force_apt_get" default:"no" help:"use apt-get, which is used in any case"`
}

// Validate refuses names that apt would take for something else.
func (m *Module) Validate() error {
	var errs []error
	for _, name := range m.Name {
		if !isName.MatchString(bare(name)) && !isPattern(name) {
			errs = append(errs, modules.Invalid("%q is no name of a package", name))
		}
	}
	if m.Upgrade != "no" && (len(m.Name) > 0 || m.Deb != "") || len(m.Name) > 0 && m.Deb != "" {
		errs = append(errs, modules.Exclusive("deb", m.Deb != "", "package", len(m.Name) > 0, "upgrade", m.Upgrade != "no"))
	}
	return errors.Join(errs...)
}

var isName = regexp.MustCompile(`^[a-z0-9]([a-z0-9+.-]*[a-z0-9+])?(:[a-z0-9-]+)?$`)

// Run brings the packages to their state.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	told := values.NewMap(6)
	if err := m.update(ctx, sys, told, m.idle()); err != nil {
		return modules.Result{Data: told}, err
	}
	if m.Clean {
		if err := clean(ctx, sys); err != nil {
			return modules.Result{}, err
		}
	}
	switch {
	case m.Upgrade != "no":
		argv := []string{"dist-upgrade"}
		if m.Upgrade == "safe" || m.Upgrade == "yes" {
			argv = []string{"upgrade", "--with-new-pkgs"}
		}
		return m.whole(ctx, sys, argv...)
	case m.Deb != "":
		return m.file(ctx, sys)
	case len(m.Name) == 0 && m.Autoremove:
		return m.whole(ctx, sys, "autoremove")
	case len(m.Name) == 0 && m.Autoclean:
		return m.autoclean(ctx, sys)
	case len(m.Name) == 0:
		return modules.Result{Data: told}, nil
	}
	names, err := m.names(ctx, sys)
	if err != nil {
		return modules.Result{}, err
	}
	there, err := installed(ctx, sys, names)
	if err != nil {
		return modules.Result{}, err
	}
	if m.State == "absent" {
		return m.remove(ctx, sys, names, there)
	}
	return m.install(ctx, sys, told, names, there)
}

// idle reports that there is nothing to do but to update the cache.
func (m *Module) idle() bool {
	return len(m.Name) == 0 && m.Deb == "" && m.Upgrade == "no" && !m.Autoremove && !m.Autoclean
}

func (m *Module) install(ctx context.Context, sys modules.System, told *values.Map, wanted []string, there map[string]state) (modules.Result, error) {
	var missing []string
	for _, name := range wanted {
		if m.State == "latest" || !there[bare(name)].has(name) {
			missing = append(missing, name)
		}
	}
	if err := keep(ctx, sys, wanted, there); err != nil {
		return modules.Result{Data: told}, err
	}
	if len(missing) == 0 {
		return modules.Result{Data: told}, nil
	}
	argv := []string{"install"}
	if m.OnlyUpgrade {
		argv = append(argv, "--only-upgrade")
	}
	return m.perform(ctx, sys, told, append(argv, missing...)...)
}

func (m *Module) remove(ctx context.Context, sys modules.System, unwanted []string, there map[string]state) (modules.Result, error) {
	var names []string
	for _, name := range unwanted {
		if s := there[bare(name)]; s.installed || m.Purge && s.configured {
			names = append(names, bare(name))
		}
	}
	if len(names) == 0 {
		return modules.Result{}, nil
	}
	return m.perform(ctx, sys, values.NewMap(4), append([]string{"remove"}, names...)...)
}

// whole has apt-get do what concerns all packages; its words are told also where nothing is to be done.
func (m *Module) whole(ctx context.Context, sys modules.System, action ...string) (modules.Result, error) {
	told := values.NewMap(5)
	result, err := m.perform(ctx, sys, told, action...)
	if text, ok := told.Get("stdout"); ok && err == nil && m.Upgrade != "no" {
		result.Msg = values.Text(text)
	}
	return result, err
}

// file installs a package file unless that version is there.
func (m *Module) file(ctx context.Context, sys modules.System) (modules.Result, error) {
	if strings.Contains(m.Deb, "://") {
		return modules.Result{}, errors.New("deb is a file on the host: bring it there first, with copy or get_url")
	}
	out, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"dpkg-deb", "--show", "--showformat", "${Package}=${Version}", m.Deb}})
	if err != nil {
		return modules.Result{}, modules.Fail("Unable to install package: %w", err)
	}
	there, err := installed(ctx, sys, []string{out.Stdout})
	told := values.NewMap(4)
	if err != nil || there[bare(out.Stdout)].has(out.Stdout) {
		addOutput(told, modules.Output{})
		return modules.Result{Data: told}, err
	}
	return m.perform(ctx, sys, told, "install", m.Deb)
}

// perform asks apt-get what it would do, and has it do that where it is something.
func (m *Module) perform(ctx context.Context, sys modules.System, told *values.Map, action ...string) (modules.Result, error) {
	argv := append(m.flags(), action...)
	would, err := sys.Query(ctx, modules.Command{Argv: append(argv[:len(argv):len(argv)], "--simulate"), Env: environment})
	if err != nil || would.RC != 0 {
		return failed(told, argv, would, err)
	}
	if !acts.MatchString(would.Stdout) {
		if len(m.Name) == 0 {
			addOutput(told, would)
		}
		return modules.Result{Data: told}, nil
	}
	out, err := sys.Exec(ctx, modules.Command{Argv: argv, Env: environment})
	if errors.Is(err, modules.ErrWouldRun) {
		addOutput(told, would)
		return modules.Result{Data: told}, err
	}
	if err != nil || out.RC != 0 {
		return failed(told, argv, out, err)
	}
	addOutput(told, out)
	return modules.Result{Data: told}, nil
}

// acts matches what apt-get says it would do.
var acts = regexp.MustCompile(`(?m)^(Inst|Remv|Purg|Conf) `)

var environment = []string{"DEBIAN_FRONTEND=noninteractive", "DEBIAN_PRIORITY=critical", "APT_LISTCHANGES_FRONTEND=none"}
