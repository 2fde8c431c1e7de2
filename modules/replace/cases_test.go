package replace_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/replace"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, replace.Spec) }
