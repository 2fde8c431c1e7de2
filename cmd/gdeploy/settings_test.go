package main

import (
	"fmt"
	"testing"
)

func TestEverySettingIsExplained(t *testing.T) {
	flags := playCommand().Flags()
	for _, key := range settingKeys() {
		if helpOf(key) == "" {
			t.Errorf("the setting %s has no help", key)
		}
		flag := tagOf(key, "flag")
		if flag == "" {
			continue
		}
		f := flags.Lookup(flag)
		if f == nil {
			t.Errorf("the setting %s names the flag --%s, which gdeploy play has not", key, flag)
			continue
		}
		if def, ok := settingDefaults[key]; ok && f.DefValue != fmt.Sprint(def) {
			t.Errorf("--%s is %s by default, the setting %s %v", flag, f.DefValue, key, def)
		}
	}
}
