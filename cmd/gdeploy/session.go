package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/oncontroller"
	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
	"github.com/gdeploy/gdeploy/variables/lookups"
	"github.com/gdeploy/gdeploy/variables/plugins"
)

// session is what all commands that read an inventory share: settings, hosts, variables
// and playbooks, each made of the one before.
type session struct {
	settings  Settings
	options   *options
	flags     *pflag.FlagSet
	extra     *values.Map
	inventory *inventory.Inventory
	store     *variables.Store
	plugins   *plugins.Set
	loader    *playbooks.Loader
	terminal  *terminal
	secrets   *redact.Secrets
	reach     executor.ConnectionDefaults
	warn      warning
	started   time.Time
	inputs    *inputs
	// playbookDir is where roles, files and group_vars are looked for.
	playbookDir string
	// noInventory is why there is none; nil where there is one.
	noInventory error
	// twice are the keys that are given twice, where that is a mistake.
	twice *doubles
}

// newSession reads settings and inventory. playbookDir is where playbooks look for
// group_vars, roles and files; empty where there is no playbook.
func newSession(cmd *cobra.Command, o *options, playbookDir string) (*session, error) {
	return newSessionOf(cmd, o, playbookDir, nil)
}

// newSessionOf reads them for a run that goes on, where there is one before.
func newSessionOf(cmd *cobra.Command, o *options, playbookDir string, before *runlog.Run) (*session, error) {
	if err := o.checkFlags(cmd.Flags()); err != nil {
		return nil, err
	}
	s := &session{options: o, flags: cmd.Flags(), terminal: newTerminal(), secrets: redact.New(), started: time.Now(), inputs: newInputs()}
	if before != nil {
		s.inputs.goOn(before)
	}
	s.warn = warnTo(cmd.ErrOrStderr(), s.secrets.Text)
	var err error
	if s.settings, err = loadSettings(cmd.Flags(), s.warn); err != nil {
		return nil, err
	}
	s.logOutput(cmd)
	s.warn = s.sorted(s.warn)
	vault := learning{s.keyring(cmd.Context()), s.secrets}
	s.noteFiles()
	if s.extra, err = variables.ParseExtraVars(o.extraVars, vault); err != nil {
		return nil, badOption(fmt.Errorf("--extra-vars: %w", err))
	}
	if s.playbookDir, err = s.dirOfPlaybooks(playbookDir); err != nil {
		return nil, err
	}
	s.makePlugins(cmd.ErrOrStderr(), s.playbookDir, playbookDir != "")
	if err := s.readInventory(cmd.Context(), cmd.Flags().Changed("limit"), s.playbookDir, vault); err != nil {
		return nil, err
	}
	s.waitForLocks()
	s.makeStore(s.playbookDir, vault)
	s.makeLoader(cmd.Context(), vault)
	return s, nil
}

// noteFiles takes note of files that are read whole by others.
func (s *session) noteFiles() {
	s.inputs.toldFile(s.settings.file)
	for _, given := range s.options.extraVars {
		if file, ok := strings.CutPrefix(given, "@"); ok {
			s.inputs.toldFile(expand(file))
		}
	}
	if file, ok := strings.CutPrefix(s.options.limit, "@"); ok {
		s.inputs.toldFile(expand(file))
	}
}

// homes are the directories whose files belong to the playbooks and the inventory.
func (s *session) homes(books []*playbooks.Playbook) []string {
	homes := slices.Clone(s.settings.RolesPath)
	for _, b := range books {
		homes = append(homes, filepath.Dir(b.File))
	}
	sources, _ := s.settings.inventories()
	for _, source := range sources {
		homes = append(homes, filepath.Dir(source))
	}
	return homes
}

// dirOfPlaybooks is the directory of the playbook, or where there is none that of the
// setting, or the working directory.
func (s *session) dirOfPlaybooks(given string) (string, error) {
	dir := s.settings.PlaybookDir
	if given != "" || dir == "" {
		return cmp.Or(given, workingDir()), nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", badOption(fmt.Errorf("--playbook-dir: there is no directory %s", dir))
	}
	return filepath.Abs(dir)
}

func (s *session) readInventory(ctx context.Context, limited bool, playbookDir string, vault variables.Vault) error {
	sources, err := s.settings.inventories()
	if s.noInventory = err; err != nil && !s.options.thisMachineToo {
		return err
	}
	inv, err := inventory.Load(ctx, sources, inventory.Options{
		Decrypt:   func(text []byte, _ string) ([]byte, error) { return vault.Decrypt(text) },
		Warn:      func(w inventory.Warning) { s.warn(w.Pos, w.Msg) },
		Template:  s.constructing(ctx, playbookDir, vault),
		ExtraVars: s.extra,
		Facts:     s.cachedFacts,
		Told:      s.inputs.told,

		GroupNames: inventory.GroupNames(s.settings.GroupNames),
		Formats:    s.settings.InventoryEnabled,
		Ignored:    s.settings.ignored(),
		Unreadable: s.unreadable(),
	})
	if err != nil {
		return notParsed(err)
	}
	if s.noInventory == nil && inv.Unparsed() {
		if err := s.tellUnparsed(); err != nil {
			return err
		}
	}
	inv = inv.WithPlaybookDir(playbookDir)
	if limited {
		if inv, err = inv.WithLimit(s.options.limit); err != nil {
			return cmp.Or(s.noInventory, err)
		}
	}
	s.inventory = inv
	return nil
}

// constructing evaluates what constructed inventories say, before there are hosts.
func (s *session) constructing(ctx context.Context, playbookDir string, vault variables.Vault) func(string, *values.Map, values.Position) (values.Value, error) {
	none := map[string]lookups.Lookup{}
	for name := range lookups.All() {
		none[name] = func(*lookups.Query) ([]values.Value, error) {
			return nil, errors.New("a constructed inventory has no lookups")
		}
	}
	store := variables.NewStore(variables.Options{
		PlaybookDir: playbookDir,
		Vault:       vault,
		Lookups:     none,
		Plugins:     s.plugins,
		Warn:        func(msg string) { s.warn(values.Position{}, msg) },
	})
	return func(template string, vars *values.Map, pos values.Position) (values.Value, error) {
		return store.Scope(variables.Context{Ctx: ctx}).With(vars).Render(values.String(template).At(pos))
	}
}

// waitForLocks hands the setting lock_wait to plays as the variable that the shipped ones
// read. One of -e wins over it.
func (s *session) waitForLocks() {
	if s.settings.LockWait != nil && !s.extra.Has("lock_wait") {
		s.extra.Set("lock_wait", values.Int(int64(*s.settings.LockWait)))
	}
}

// lockWait is how long plays wait that do not say.
func (s *session) lockWait() time.Duration {
	if s.settings.LockWait == nil {
		return 0
	}
	return time.Duration(*s.settings.LockWait) * time.Second
}

func (s *session) makeStore(playbookDir string, vault variables.Vault) {
	sources, _ := s.settings.inventories()
	for i, source := range sources {
		if abs, err := filepath.Abs(source); err == nil && !strings.Contains(source, ",") {
			sources[i] = abs
		}
	}
	s.store = variables.NewStore(variables.Options{
		Inventory:        variables.FromInventory(s.inventory),
		ExtraVars:        s.extra,
		PlaybookDir:      playbookDir,
		InventorySources: sources,
		CheckMode:        s.options.check,
		DiffMode:         s.settings.Diff,
		Verbosity:        s.verbosity(),
		Forks:            s.settings.Forks,
		RunTags:          s.tags(),
		SkipTags:         s.skipTags(),
		Limit:            s.options.limit,
		ConfigFile:       cmp.Or(s.settings.ansible, s.settings.file),
		MergeHashes:      s.settings.HashBehaviour == "merge",
		Native:           s.settings.Native,
		PrivateRoleVars:  s.settings.PrivateRoleVars,
		KeepFactsApart:   !s.settings.InjectFacts,
		Managed:          s.settings.AnsibleManaged,
		Settings:         s.settings.config(),
		Vault:            vault,
		FactCache:        s.factCache(),
		Plugins:          s.plugins,
		Told:             s.inputs.told,
		Getenv:           s.inputs.getenv,
		WarnAt:           s.warn,
		Warn:             func(msg string) { s.warn(values.Position{}, msg) },
	})
}

func (s *session) makeLoader(ctx context.Context, vault variables.Vault) {
	specs := allSpecs()
	pointers := make([]*modules.Spec, len(specs))
	for i := range specs {
		pointers[i] = &specs[i]
	}
	library, collections := s.settings.Library, s.settings.CollectionsPath
	if dir := s.settings.PlaybookDir; dir != "" { // a single task has no playbook beside which they would be found
		library = append([]string{filepath.Join(s.playbookDir, "library")}, library...)
		collections = append([]string{filepath.Join(s.playbookDir, "collections")}, collections...)
	}
	s.loader = playbooks.NewLoader(playbooks.Options{
		Modules:       pointers,
		CheckTemplate: s.store.CheckTemplate,
		Decrypt:       func(text []byte, _ string) ([]byte, error) { return vault.Decrypt(text) },
		Evaluate:      s.evaluator(ctx),
		Told:          s.inputs.told,
		Lookups:       slices.Sorted(maps.Keys(lookups.All())),
		OwnLookup:     func(name string) (bool, error) { return s.plugins.HasLookup(name), s.plugins.CheckLookup(name) },
		Plugins:       s.store.AddPlugins,
		RolesPath:     s.settings.RolesPath,
		Library:       library,
		Collections:   collections,
		Warn:          s.warn,
	})
}

// allSpecs are all modules there are.
func allSpecs() []modules.Spec { return append(onhost.Specs(), oncontroller.Specs()...) }

// evaluator gives the value of what must be known before the run, such as the file of an import.
func (s *session) evaluator(ctx context.Context) func(values.Value, []*values.Map) (values.Value, error) {
	return func(template values.Value, layers []*values.Map) (values.Value, error) {
		scope := s.store.Scope(variables.Context{Ctx: ctx})
		for _, layer := range layers {
			scope = scope.With(layer)
		}
		return scope.With(s.extra).Render(template)
	}
}

// loadPlaybooks reads the playbooks that the command line names; all mistakes in all of
// them are reported at once.
func (s *session) loadPlaybooks(files []string) ([]*playbooks.Playbook, error) {
	var books []*playbooks.Playbook
	var mistakes []error
	for _, file := range files {
		book, err := s.loader.Playbook(file)
		mistakes = append(mistakes, err)
		books = append(books, book)
	}
	return books, notParsed(errors.Join(append(mistakes, s.twice.all())...))
}

// playbookDir is the directory of the first playbook.
func playbookDir(files []string) string {
	dir, err := filepath.Abs(filepath.Dir(files[0]))
	if err != nil {
		return filepath.Dir(files[0])
	}
	return dir
}

func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}
