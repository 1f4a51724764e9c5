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

}  // namespace bulkhead::os
