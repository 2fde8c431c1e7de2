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
	RolesPath     []string `mapstructure:"roles_path"`
	Library       []string `mapstructure:"library"`
	// LogFile gets a line per run and per switch; written where its directory exists.
	LogFile string `mapstructure:"log_file"`
	// LockWait is how long to wait for another run's lock, in seconds.
	LockWait int `mapstructure:"lock_wait"`
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
}

// flagOf names the flags that set a setting.
var flagOf = map[string]string{
	"inventory": "inventory", "forks": "forks", "remote_user": "user", "private_key_file": "private-key",
	"host_key_checking": "host-key-checking", "timeout": "timeout", "ssh_common_args": "ssh-common-args",
	"become": "become", "become_method": "become-method", "become_user": "become-user",
	"vault_password_file": "vault-password-file", "lock_wait": "lock-wait",
}

// loadSettings reads the settings of the working directory.
func loadSettings(flags *pflag.FlagSet) (Settings, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00"))
	for _, key := range settingKeys() {
		v.SetDefault(key, settingDefaults[key])
		if err := v.BindEnv(key, "GDEPLOY_"+strings.ToUpper(key)); err != nil {
			return Settings{}, err
		}
		if f := flags.Lookup(flagOf[key]); f != nil && f.Changed {
			if err := v.BindPFlag(key, f); err != nil {
				return Settings{}, err
			}
		}
	}
	file, err := findSettings()
	if err != nil {
		return Settings{}, err
	}
	if file != "" {
		v.SetConfigFile(file)
		if err := v.ReadInConfig(); err != nil {
			return Settings{}, badOption(fmt.Errorf("read settings: %w", err))
		}
	}
	s := Settings{file: file}
	if err := v.UnmarshalExact(&s); err != nil {
		return Settings{}, badOption(fmt.Errorf("settings in %s: %w; the settings are: %s", orElse(file, "the environment"), err, strings.Join(settingKeys(), ", ")))
	}
	s.resolve(flags)
	return s, s.check()
}

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

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// findSettings looks where $GDEPLOY_CONFIG says, in the working directory, in the home
// and in /etc. As in Ansible, a working directory that anybody can write to does not count.
func findSettings() (string, error) {
	if named := os.Getenv("GDEPLOY_CONFIG"); named != "" {
		if _, err := os.Stat(named); err != nil {
			return "", badOption(fmt.Errorf("GDEPLOY_CONFIG: %w", err))
		}
		return named, nil
	}
	var places []string
	if st, err := os.Stat("."); err == nil && st.Mode()&0o002 == 0 {
		places = append(places, "gdeploy.yaml")
	}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "gdeploy", "gdeploy.yaml"))
	}
	for _, place := range append(places, "/etc/gdeploy/gdeploy.yaml") {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", badOption(fmt.Errorf("read settings: %w", err))
		}
	}
	return "", nil
}

// resolve makes the paths that a settings file names start at its directory.
func (s *Settings) resolve(flags *pflag.FlagSet) {
	if s.file == "" {
		return
	}
	dir := filepath.Dir(s.file)
	fromFile := func(key string) bool {
		f := flags.Lookup(flagOf[key])
		return os.Getenv("GDEPLOY_"+strings.ToUpper(key)) == "" && (f == nil || !f.Changed)
	}
	for key, list := range map[string][]string{"inventory": s.Inventory, "roles_path": s.RolesPath, "library": s.Library, "known_hosts": s.KnownHosts} {
		for i, p := range list {
			if fromFile(key) && !strings.Contains(p, ",") {
				list[i] = below(dir, p)
			}
		}
	}
	for key, p := range map[string]*string{"private_key_file": &s.PrivateKeyFile, "vault_password_file": &s.VaultPasswordFile} {
		if fromFile(key) {
			*p = below(dir, *p)
		}
	}
}

func below(dir, p string) string {
	if p == "" || filepath.IsAbs(p) || strings.HasPrefix(p, "~") {
		return p
	}
	return filepath.Join(dir, p)
}

func (s *Settings) check() error {
	if s.HostKeyChecking != "yes" && s.HostKeyChecking != "accept-new" && s.HostKeyChecking != "true" {
		return badOption(fmt.Errorf("host_key_checking is %q, and must be yes or accept-new: a host whose key changed is never talked to", s.HostKeyChecking))
	}
	return nil
}

// sources are the inventories to read.
func (s *Settings) sources() ([]string, error) {
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
