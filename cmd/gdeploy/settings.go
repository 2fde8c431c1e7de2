package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/gdeploy/gdeploy/values"
)

// Settings are what gdeploy.yaml, GDEPLOY_* and flags say, in growing strength. A setting
// key is written GDEPLOY_KEY in the environment.
type Settings struct {
	// Inventory are files, directories or lists of hosts. Relative ones start at gdeploy.yaml.
	Inventory []string `mapstructure:"inventory"`
	// Forks bounds the calls in flight.
	Forks int `mapstructure:"forks"`
	// RemoteUser is who logs in where the inventory does not say.
	RemoteUser string `mapstructure:"remote_user"`
	// PrivateKeyFile is tried before others; KnownHosts replaces ~/.ssh/known_hosts.
	PrivateKeyFile string   `mapstructure:"private_key_file"`
	KnownHosts     []string `mapstructure:"known_hosts"`
	// HostKeyChecking is yes or accept-new.
	HostKeyChecking string `mapstructure:"host_key_checking"`
	// Timeout bounds the making of a connection, in seconds.
	Timeout int `mapstructure:"timeout"`
	// SSHCommonArgs understands -J and -o ProxyJump=.
	SSHCommonArgs string   `mapstructure:"ssh_common_args"`
	SSHConfig     string   `mapstructure:"ssh_config"`
	HelperDirs    []string `mapstructure:"helper_dirs"`
	Become        bool     `mapstructure:"become"`
	BecomeMethod  string   `mapstructure:"become_method"`
	BecomeUser    string   `mapstructure:"become_user"`
	// RolesPath, Library and CollectionsPath are directories beside those of the playbook.
	RolesPath       []string `mapstructure:"roles_path"`
	Library         []string `mapstructure:"library"`
	CollectionsPath []string `mapstructure:"collections_path"`
	// LogFile gets a line per run and per switch; written where its directory exists.
	LogFile string `mapstructure:"log_file"`
	// LockWait is how long to wait for another run's lock, in seconds; nil where nobody says.
	LockWait *int `mapstructure:"lock_wait"`
	// VaultPasswordFile holds the password of encrypted values, or prints it if it is a program.
	VaultPasswordFile string `mapstructure:"vault_password_file"`

	file string // the gdeploy.yaml that was read; empty where there is none
}

var settingDefaults = map[string]any{
	"forks":             100,
	"host_key_checking": "yes",
	"timeout":           10,
	"become_method":     "sudo",
	"become_user":       "root",
	"log_file":          "/deploy/log/gdeploy.log",
	"roles_path":        []string{"~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles"},
	"collections_path":  []string{"~/.ansible/collections", "/usr/share/ansible/collections"},
}

// flagOf names the flags that set a setting.
var flagOf = map[string]string{
	"inventory": "inventory", "forks": "forks", "remote_user": "user", "private_key_file": "private-key",
	"host_key_checking": "host-key-checking", "timeout": "timeout", "ssh_common_args": "ssh-common-args",
	"become": "become", "become_method": "become-method", "become_user": "become-user", "library": "module-path",
	"vault_password_file": "vault-password-file", "lock_wait": "lock-wait",
}

// warning tells the operator something about a place.
type warning func(values.Position, string)

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

// settingKeys are the names of the settings, in the order of the fields of Settings.
func settingKeys() []string {
	var keys []string
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("mapstructure"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
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
	if f := s.flags.Lookup(flagOf[key]); f != nil && f.Changed {
		return f
	}
	return nil
}

// variableOf is a setting's name in the environment.
func variableOf(key string) string { return "GDEPLOY_" + strings.ToUpper(key) }

// resolve makes the paths that a settings file names start at its directory, and ~ the home.
func (s *Settings) resolve(from sources) {
	dir := filepath.Dir(s.file)
	for key, list := range map[string][]string{
		"inventory": s.Inventory, "roles_path": s.RolesPath, "library": s.Library, "collections_path": s.CollectionsPath, "known_hosts": s.KnownHosts,
	} {
		for i, p := range list {
			if !strings.Contains(p, ",") {
				list[i] = pathFrom(dir, p, from.fromFile(key))
			}
		}
	}
	for key, p := range map[string]*string{
		"private_key_file": &s.PrivateKeyFile, "vault_password_file": &s.VaultPasswordFile, "log_file": &s.LogFile, "ssh_config": &s.SSHConfig,
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
