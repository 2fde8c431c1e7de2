package main

import (
	"fmt"
	"io"
	"time"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/plugins"
)

// makePlugins makes ready what runs filters, tests and lookups of the user's own. What they print
// goes to errs, without the secrets. Those of the playbook's directory are known to inventories
// too, where there is a playbook.
func (s *session) makePlugins(errs io.Writer, playbookDir string, isPlaybooks bool) {
	s.plugins = plugins.New(plugins.Options{
		Python:      s.settings.PluginsPython,
		Timeout:     time.Duration(s.settings.PluginsTimeout) * time.Second,
		Filters:     s.settings.FilterPlugins,
		Tests:       s.settings.TestPlugins,
		Lookups:     s.settings.LookupPlugins,
		Collections: s.settings.CollectionsPath,
		PlaybookDir: playbookDir,
		Verbosity:   s.verbosity(),
		Print:       func(line string) { fmt.Fprintln(errs, s.secrets.Text(line)) },
		Warn:        func(msg string) { s.warn(values.Position{}, msg) },
		Told:        s.inputs.told,
		Setting:     s.ansibleSetting,
	})
	if isPlaybooks || s.settings.PlaybookDir != "" {
		s.plugins.Add(playbookDir)
	}
}

// ansibleSetting reads a key of ansible.cfg that is a plugin's own.
func (s *session) ansibleSetting(section, key string) (string, bool) {
	entries, err := readAnsibleCfg(s.settings.ansible)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		if e.name == section+"."+key {
			return e.value, true
		}
	}
	return "", false
}
