#pragma once

#include <bulkhead/message.hpp>
#include <cstddef>
#include <vector>

namespace bulkhead::os {

/// The bytes of a value that names no mailbox, as detail::decode_all reads them.
template <class T>
[[nodiscard]] std::vector<std::byte> encode_all(const T& value) {
  std::vector<std::byte> bytes(detail::encoded_size(value));
  detail::encoder to(bytes.data());
  detail::encode(to, value);
  return bytes;
}

}  // namespace bulkhead::os
