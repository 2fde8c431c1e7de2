package group_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/group"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, group.Spec) }
