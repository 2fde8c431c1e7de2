package group_by_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/group_by"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, group_by.Spec) }
