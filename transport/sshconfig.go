package transport

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/kevinburke/ssh_config"
)

// systemConfig is read after the user's own.
const systemConfig = "/etc/ssh/ssh_config"

// sshConfig is what ssh's configuration files say, the first of them first.
type sshConfig []*ssh_config.Config

// readSSHConfig reads file, "none" for none and empty for ssh's own places. A file that
// cannot be understood (a Match exec makes it so) is left out and reported.
func readSSHConfig(file string, report func(error)) sshConfig {
	files := []string{expandHome(file)}
	switch file {
	case "none":
		return nil
	case "":
		files = []string{expandHome("~/.ssh/config"), systemConfig}
	}
	var configs sshConfig
	for _, file := range files {
		config, err := decodeSSHConfig(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			report(fmt.Errorf("%s: %w; it is not used", file, err))
			continue
		}
		configs = append(configs, config)
	}
	return configs
}

func decodeSSHConfig(file string) (*ssh_config.Config, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ssh_config.DecodeBytes(content)
}

// get gives a keyword's value for a host, empty where there is none.
func (c sshConfig) get(alias, keyword string) string {
	for _, config := range c {
		if value, err := config.Get(alias, keyword); err == nil && value != "" {
			return value
		}
	}
	return ""
}

// all gives all values of a keyword that may be repeated.
func (c sshConfig) all(alias, keyword string) []string {
	var values []string
	for _, config := range c {
		found, _ := config.GetAll(alias, keyword) // errors come from strict modes only
		values = append(values, found...)
	}
	return values
}
