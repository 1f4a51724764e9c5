#pragma once

#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/exit_status.hpp>
#include <bulkhead/remote_error.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <variant>

namespace bulkhead {

/// Why a request has no reply.
struct call_failure {
  std::error_code code;  ///< None: the handler threw.
  exit_status status;    ///< With peer_crashed and peer_restarted: how the server's process ended.
  const detail::thrown_record* thrown = nullptr;     ///< What the handler threw, as it travelled.
  std::string_view what = "a request has no reply";  ///< In words; while it is being told only.

  /// The same as an exception: what the handler threw, as its standard type, or a bulkhead::error.
  [[nodiscard]] std::exception_ptr exception() const;
};

/// Names a request that is under way, by which it can be cancelled.
struct call_ticket {
  std::uint64_t generation = 0;
  std::uint32_t slot = 0;
};

namespace detail {

/// The same of both kinds of calls: to a server that runs, and in a process of their own.
///
/// What becomes of a request is told to this, once: nothing is allocated for it, and no thread is
/// woken.
/// @threads told on whichever thread takes the reply in, while it holds the reply's place: begin
/// other requests there by `try_begin`, but do not wait, and take nothing in.
/// @owns the caller, until it is told or the request is cancelled.
class call_continuation {
 public:
  /// The reply, encoded, where it lies. @returns false: these bytes are no reply, or what they name
  /// could not be opened; then `failed` is told. An exception counts as that too.
  virtual bool replied(std::span<const std::byte> value, message_endpoints& names) = 0;
  virtual void failed(const call_failure& why) noexcept = 0;

 protected:
  ~call_continuation() = default;
};

/// What a reply is kept as: that of a function that returns nothing has no bytes.
template <class Reply>
using reply_value = std::conditional_t<std::is_void_v<Reply>, std::monostate, Reply>;

inline bool decode_reply(std::span<const std::byte> bytes, std::monostate& /*value*/,
                         message_endpoints& /*names*/) {
  return bytes.empty();
}
template <class T>
bool decode_reply(std::span<const std::byte> bytes, T& value, message_endpoints& names) {
  if constexpr (holds_endpoints<T>()) {
    return decode_all(bytes, value, &names);
  } else {
    return decode_all(bytes, value);
  }
}

}  // namespace detail

/// What becomes of one request at a time (`call_client::begin`).
/// @threads as said there; @owns the caller keeps it until it is told.
template <class Reply>
class reply_handler : public detail::call_continuation {
 public:
  virtual void on_reply(Reply reply) noexcept = 0;
  virtual void on_failure(const call_failure& why) noexcept = 0;

 protected:
  ~reply_handler() = default;

 private:
  bool replied(std::span<const std::byte> bytes, detail::message_endpoints& names) final {
    Reply reply{};
    if (!detail::decode_reply(bytes, reply, names)) return false;
    on_reply(std::move(reply));
    return true;
  }
  void failed(const call_failure& why) noexcept final { on_failure(why); }
};

}  // namespace bulkhead
