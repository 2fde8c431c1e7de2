package user_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/user"
)

func TestCases(t *testing.T) { moduletest.Run(t, user.Spec) }
