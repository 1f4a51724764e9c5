#pragma once

#include <bulkhead/call_continuation.hpp>
#include <bulkhead/detail/async_operation.hpp>
#include <bulkhead/errc.hpp>

namespace bulkhead::detail {

/// Gives a continuation its reply, which came by `carrier`, or tells it why that cannot be read.
/// @returns that; corrupt: the bytes are no reply. The continuation has been told in any case.
template <class Carrier>
std::error_code tell_reply(call_continuation& to, std::span<const std::byte> value,
                           const Carrier& carrier) {
  std::error_code ec;
  {
    message_endpoints names(carrier);
    try {
      if (to.replied(value, names)) return {};
      ec = names.failure() ? names.failure() : make_error_code(errc::corrupt);
    } catch (...) {
      ec = error_of_exception();
    }
  }
  to.failed({.code = ec, .status = {}, .what = "the reply cannot be read"});
  return ec;
}

}  // namespace bulkhead::detail
