// What nearly every test reads of the libraries, precompiled.
#pragma once

#include <gtest/gtest.h>

#include "base/libraries.hpp"
