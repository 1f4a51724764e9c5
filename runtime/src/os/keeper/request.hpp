#pragma once

#include "os/channel.hpp"

namespace bulkhead::os {

/// Thrown where what a peer sent is no request of its kind.
struct garbage {};

/// The body of a request. Throws garbage.
template <class Body>
[[nodiscard]] Body body_of(const datagram& request) {
  Body body;
  if (!request.read(body)) throw garbage{};
  return body;
}

/// An error as a datagram's header has it.
[[nodiscard]] std::int32_t code_of(const std::error_code& code);
/// Its text without the code's own message, which the asker's exception appends anew.
[[nodiscard]] std::string sentence_of(const std::system_error& failure);

}  // namespace bulkhead::os
