package replace_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/replace"
)

func TestCases(t *testing.T) { moduletest.Run(t, replace.Spec) }
