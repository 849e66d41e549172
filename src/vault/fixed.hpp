// Bytes of a fixed number. Inside of the room only.
#pragma once

#include <algorithm>

#include "base/bytes.hpp"

namespace naestro::vault {

// kCrypto where there are more or fewer.
template <class Array>
Result<void> fixed(Array& out, const Result<Bytes>& bytes) {
  if (!bytes || bytes->size() != out.size()) return fail(Code::kCrypto, "a key of another length");
  std::ranges::copy(*bytes, out.begin());
  return {};
}

}  // namespace naestro::vault
