// What nearly every source reads of the libraries, precompiled. Nothing of this house: coverage is
// measured of lines that are compiled where they are used.
#pragma once

#include <algorithm>
#include <array>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
