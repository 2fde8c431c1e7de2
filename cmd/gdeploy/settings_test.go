package main

import (
	"cmp"
	"fmt"
	"testing"
)

func TestEverySettingIsExplained(t *testing.T) {
	flags := playCommand().Flags()
	adhoc := adhocCommand().Flags()
	for _, key := range settingKeys() {
		if helpOf(key) == "" {
			t.Errorf("the setting %s has no help", key)
		}
		flag := tagOf(key, "flag")
		if flag == "" {
			continue
		}
		f := cmp.Or(flags.Lookup(flag), adhoc.Lookup(flag))
		if f == nil {
			t.Errorf("the setting %s names the flag --%s, which neither gdeploy play nor run has", key, flag)
			continue
		}
		if def, ok := settingDefaults[key]; ok && f.DefValue != fmt.Sprint(def) {
			t.Errorf("--%s is %s by default, the setting %s %v", flag, f.DefValue, key, def)
		}
	}
}
