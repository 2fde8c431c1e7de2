package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/gdeploy/gdeploy/variables/factcache"
)

// Settings are what gdeploy.yaml, GDEPLOY_* and flags say, in growing strength. A setting
// key is written GDEPLOY_KEY in the environment. The tags say all that help tells of it:
// what it is, and the flag that sets it.
type Settings struct {
	Inventory       []string `mapstructure:"inventory" flag:"inventory" help:"inventory file, directory, script, or list of hosts with a comma"`
	Forks           int      `mapstructure:"forks" flag:"forks" help:"how many calls are under way at once"`
	RemoteUser      string   `mapstructure:"remote_user" flag:"user" help:"log in as this user, where the inventory does not say"`
	PrivateKeyFile  string   `mapstructure:"private_key_file" flag:"private-key" help:"log in with this key"`
	KnownHosts      []string `mapstructure:"known_hosts" help:"files of host keys, in place of ~/.ssh/known_hosts"`
	HostKeyChecking string   `mapstructure:"host_key_checking" flag:"host-key-checking" help:"yes, or accept-new to keep keys of hosts seen for the first time"`
	Timeout         int      `mapstructure:"timeout" flag:"timeout" help:"seconds that making a connection may take"`
	SSHCommonArgs   string   `mapstructure:"ssh_common_args" flag:"ssh-common-args" help:"options of ssh, such as -J HOST or -o ProxyJump=HOST"`
	SSHConfig       string   `mapstructure:"ssh_config" help:"file in place of ~/.ssh/config"`
	HelperDirs      []string `mapstructure:"helper_dirs" help:"directories on hosts where the helper may lie, tried in order"`
	Become          bool     `mapstructure:"become" flag:"become" help:"work as another user"`
	BecomeMethod    string   `mapstructure:"become_method" flag:"become-method" help:"how to become that user: sudo, su or doas"`
	BecomeUser      string   `mapstructure:"become_user" flag:"become-user" help:"the user to work as"`
	RolesPath       []string `mapstructure:"roles_path" help:"directories of roles, beside roles/ of the playbook"`
	Library         []string `mapstructure:"library" flag:"module-path" help:"directories of modules of your own, beside library/ of the playbook"`
	CollectionsPath []string `mapstructure:"collections_path" help:"directories of ansible_collections"`
	LogFile         string   `mapstructure:"log_file" help:"gets a line per run and per switch, where its directory exists"`
	LockWait        *int     `mapstructure:"lock_wait" flag:"lock-wait" help:"seconds to wait for another run's lock"` // nil where nobody says

	FactCaching           string `mapstructure:"fact_caching" cfg:"defaults.fact_caching" env:"ANSIBLE_CACHE_PLUGIN" help:"where facts are kept: memory for the run only, jsonfile or yaml from run to run"`
	FactCachingConnection string `mapstructure:"fact_caching_connection" cfg:"defaults.fact_caching_connection" env:"ANSIBLE_CACHE_PLUGIN_CONNECTION" is:"path" help:"the directory of cached facts"`
	FactCachingPrefix     string `mapstructure:"fact_caching_prefix" cfg:"defaults.fact_caching_prefix" env:"ANSIBLE_CACHE_PLUGIN_PREFIX" help:"what the names of the files with cached facts start with"`
	FactCachingTimeout    int    `mapstructure:"fact_caching_timeout" cfg:"defaults.fact_caching_timeout" env:"ANSIBLE_CACHE_PLUGIN_TIMEOUT" help:"seconds that cached facts count; 0 is for ever"`

	VaultPasswordFile    []string `mapstructure:"vault_password_file" flag:"vault-password-file" help:"file with the password of encrypted values, or a program that prints it"`
	VaultIdentityList    []string `mapstructure:"vault_identity_list" help:"further passwords of encrypted values, as --vault-id takes them"`
	VaultIdentity        string   `mapstructure:"vault_identity" help:"the vault id of passwords that are given without one"`
	VaultEncryptIdentity string   `mapstructure:"vault_encrypt_identity" help:"the vault id to encrypt with, where there are several"`
	VaultIDMatch         bool     `mapstructure:"vault_id_match" help:"try only the passwords of the vault id that a text names"`

	file string // the gdeploy.yaml that was read; empty where there is none
}

var settingDefaults = map[string]any{
	"forks":                100,
	"host_key_checking":    "yes",
	"timeout":              10,
	"become_method":        "sudo",
	"become_user":          "root",
	"vault_identity":       "default",
	"fact_caching":         "memory",
	"fact_caching_timeout": 86400,
	"log_file":             "/deploy/log/gdeploy.log",
	"roles_path":           []string{"~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles"},
	"collections_path":     []string{"~/.ansible/collections", "/usr/share/ansible/collections"},
}

// loadSettings reads the settings of the working directory. All that is wrong with them is
// told at once.
func loadSettings(flags *pflag.FlagSet, warn warning) (Settings, error) {
	file, err := findSettings(warn)
	if err != nil {
		return Settings{}, badOption(err)
	}
	written, err := readSettings(file)
	if err != nil {
		return Settings{}, badOption(err)
	}
	warnOfStrangers(os.Environ(), warn)
	s := Settings{file: file}
	sources := newSources(written, flags)
	mistakes := []error{written.strangers()}
	for i, key := range settingKeys() {
		mistakes = append(mistakes, sources.into(key, reflect.ValueOf(&s).Elem().Field(i)))
	}
	if err := errors.Join(mistakes...); err != nil {
		return s, badOption(err)
	}
	s.resolve(sources)
	if err := s.check(sources); err != nil {
		return s, badOption(err)
	}
	return s, nil
}

// sources are the places that settings come from.
type sources struct {
	viper   *viper.Viper
	written settingsFile
	flags   *pflag.FlagSet
}

func newSources(written settingsFile, flags *pflag.FlagSet) sources {
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00"))
	for key, value := range written.plain {
		v.SetDefault(key, value) // the weakest; what is not there gets its default in into
	}
	return sources{viper: v, written: written, flags: flags}
}

// into reads a setting from the strongest place that has it.
func (s sources) into(key string, field reflect.Value) error {
	if _, ok := s.written.plain[key]; !ok {
		s.viper.SetDefault(key, settingDefaults[key])
	}
	if err := s.viper.BindEnv(key, variableOf(key)); err != nil {
		return err
	}
	if f := s.flag(key); f != nil {
		if err := s.viper.BindPFlag(key, f); err != nil {
			return err
		}
	}
	if err := s.viper.UnmarshalKey(key, field.Addr().Interface(), viper.DecodeHook(wordsOf(key))); err != nil {
		return fmt.Errorf("%s is %q, and must be %s", s.name(key), fmt.Sprint(s.viper.Get(key)), wanted(field.Type()))
	}
	return nil
}

// name is what a setting is called where it comes from: a flag, a variable, or a key with
// its place in a file.
func (s sources) name(key string) string {
	if f := s.flag(key); f != nil {
		return "--" + f.Name
	}
	if os.Getenv(variableOf(key)) != "" {
		return variableOf(key)
	}
	return s.written.pos(key).String() + ": " + key
}

// fromFile reports that the file has the last word on a setting.
func (s sources) fromFile(key string) bool {
	return s.flag(key) == nil && os.Getenv(variableOf(key)) == "" && s.written.has(key)
}

// flag is the flag of a setting, where it was given.
func (s sources) flag(key string) *pflag.Flag {
	if f := s.flags.Lookup(tagOf(key, "flag")); f != nil && f.Changed {
		return f
	}
	return nil
}

// resolve makes the paths that a settings file names start at its directory, and ~ the home.
func (s *Settings) resolve(from sources) {
	dir := filepath.Dir(s.file)
	s.Library = strings.FieldsFunc(strings.Join(s.Library, ":"), func(r rune) bool { return r == ':' }) // -M a:b
	for key, list := range map[string][]string{
		"inventory": s.Inventory, "roles_path": s.RolesPath, "library": s.Library, "collections_path": s.CollectionsPath, "known_hosts": s.KnownHosts,
		"vault_password_file": s.VaultPasswordFile,
	} {
		for i, p := range list {
			if !strings.Contains(p, ",") {
				list[i] = pathFrom(dir, p, from.fromFile(key))
			}
		}
	}
	for key, p := range map[string]*string{
		"fact_caching_connection": &s.FactCachingConnection,
		"private_key_file":        &s.PrivateKeyFile, "log_file": &s.LogFile, "ssh_config": &s.SSHConfig,
	} {
		*p = pathFrom(dir, *p, from.fromFile(key))
	}
}

func pathFrom(dir, p string, relative bool) string {
	p = expand(p)
	if !relative || p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(dir, p)
}

// expand replaces a leading ~ by the home.
func expand(p string) string {
	rest, ok := strings.CutPrefix(p, "~")
	if !ok || rest != "" && rest[0] != '/' {
		return p
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return p
	}
	return home + rest
}

// check refuses values that make no sense.
func (s *Settings) check(from sources) error {
	var mistakes []error
	refuse := func(key, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("%s is %s", from.name(key), fmt.Sprintf(format, args...)))
	}
	if s.HostKeyChecking != "yes" && s.HostKeyChecking != "accept-new" {
		refuse("host_key_checking", "%q, and must be yes or accept-new: a host whose key changed is never talked to", s.HostKeyChecking)
	}
	if plugin := factcache.ShortName(s.FactCaching); !slices.Contains(factcache.Known, plugin) {
		refuse("fact_caching", "%q, and must be one of %s", s.FactCaching, strings.Join(factcache.Known, ", "))
	} else if plugin != "memory" && s.FactCachingConnection == "" {
		refuse("fact_caching", "%s, and fact_caching_connection must say in which directory", plugin)
	}
	if s.FactCachingTimeout < 0 {
		refuse("fact_caching_timeout", "%d, and must be a number of seconds, or 0 for ever", s.FactCachingTimeout)
	}
	if s.Forks < 1 {
		refuse("forks", "%d, and must be at least 1", s.Forks)
	}
	if s.Timeout < 1 {
		refuse("timeout", "%d, and must be at least 1 (second)", s.Timeout)
	}
	return errors.Join(mistakes...)
}

// inventories are the inventories to read.
func (s *Settings) inventories() ([]string, error) {
	if len(s.Inventory) > 0 {
		return s.Inventory, nil
	}
	entries, err := os.ReadDir("inventory")
	if err == nil && holdsInventory(entries) {
		return []string{"inventory"}, nil
	}
	return nil, badOption(errors.New("no inventory: give one with -i, or name it in gdeploy.yaml (inventory: FILE), or put files into ./inventory/; gdeploy init DIR writes a sample"))
}

// holdsInventory tells a directory of inventories from one that only has that name.
func holdsInventory(entries []fs.DirEntry) bool {
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".ini", ".yml", ".yaml", ".json", "":
			if !e.IsDir() {
				return true
			}
		}
	}
	return false
}
