#pragma once

#include <bulkhead/call_continuation.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/queue_sender.hpp>
#include <bulkhead/remote_error.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

// What a call runs in its process, and how its answer is read again.
namespace bulkhead::detail {

struct call_reply {
  call_ticket call;
  std::optional<thrown_record> thrown;
  std::vector<std::byte> value;  ///< The result, encoded; void has none.
};

template <class Fn, class Tuple>
using applied = decltype(std::apply(std::declval<Fn>(), std::declval<Tuple>()));

template <class R>
std::vector<std::byte> encode_result(const R& result) {
  static_assert(require_message<R>());
  const std::size_t bytes = encoded_size(result);
  if (bytes >= oversize)
    throw error(errc::too_large, "a call's result is nested or long beyond what can be read again");
  std::vector<std::byte> value(bytes);
  encoder to(value.data());
  encode(to, result);
  return value;
}

template <class Fn, class Tuple>
std::vector<std::byte> run_and_encode(Fn&& fn, Tuple&& arguments) {
  using result = applied<Fn, Tuple>;
  if constexpr (std::is_void_v<result>) {
    std::apply(std::forward<Fn>(fn), std::forward<Tuple>(arguments));
    return {};
  } else {
    return encode_result<std::decay_t<result>>(
        std::apply(std::forward<Fn>(fn), std::forward<Tuple>(arguments)));
  }
}

template <class Tuple>
using call_arguments = std::tuple<queue_sender<call_reply>, call_ticket, Tuple>;

template <class Fn, class Tuple>
void run_call(const child_start& start) {
  call_arguments<Tuple> given{};
  if (!decode_all(start.arguments, given, start.endpoints)) {
    throw std::runtime_error(
        "the arguments are not those of the function: parent and child are different programs");
  }
  auto& [answer_to, call, arguments] = given;
  call_reply reply{call, std::nullopt, {}};
  try {
    if constexpr (captureless<Fn>) {
      reply.value = run_and_encode(Fn{}, std::move(arguments));
    } else {
      reply.value = run_and_encode(reinterpret_cast<Fn>(start.target), std::move(arguments));
    }
  } catch (...) {
    reply.thrown = record_exception();
  }
  try {
    answer_to.send(reply);
  } catch (const std::exception&) {  // too large, most likely
    answer_to.send({call, record_exception(), {}});
  }
}

}  // namespace bulkhead::detail
