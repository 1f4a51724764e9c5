#pragma once

#include <boost/asio/async_result.hpp>
#include <bulkhead/detail/async_reply.hpp>
#include <bulkhead/detail/call_entry.hpp>
#include <bulkhead/detail/call_port.hpp>
#include <bulkhead/runtime.hpp>
#include <future>
#include <memory>
#include <tuple>
#include <utility>

/// Calls: `rt.call(fn, args...)` gives a std::future<R>, `rt.async_call(fn, args..., token)`
/// completes with void(std::exception_ptr, R), or void(std::exception_ptr) where fn returns
/// nothing. Each runs fn in a process of its own, which takes and gives what a spawn does; any
/// number are in flight at once, at most 1024 processes of them.
/// @limits R: a message, without mailboxes in it, at most 256 MiB; default constructible.
/// @errors what fn threw, as its standard type and as a `remote_origin`; peer_crashed, with the
/// exit status, when the process ended without an answer; start_failed; timed_out: its deadline
/// passed; runtime_gone: the runtime was destroyed.
///   call throws at once what spawn would.
/// @threads any. async_call's handler runs on its associated executor, else on the runtime's
/// thread; a cancellation (any kind) through its slot kills the process, and it completes with
/// operation_aborted.
/// @crash a call is answered exactly once; with `call_options::attempts` a crashed one is begun
/// again.
namespace bulkhead {
namespace detail {

template <class Fn, class... Args>
struct call_types {
  using function = std::decay_t<Fn>;
  using tuple = typename parameters<function, std::decay_t<Args>...>::type;
  using result = std::decay_t<applied<function, tuple>>;
};

/// Starts the process of a call that is open. @errors as spawn.
template <class F, class... Args>
void begin_call(call_port& port, const call_ticket& call, const call_options& options, const F& fn,
                Args&&... args) {
  using types = call_types<F, Args...>;
  using function = typename types::function;
  using tuple = typename types::tuple;
  static_assert(is_function_pointer<function> || captureless<function>,
                "call takes a function or a lambda without captures");
  static_assert(std::is_constructible_v<tuple, Args&&...>,
                "an argument given to call does not convert to the function's parameter");
  start_recipe recipe;
  recipe.entry = &run_call<function, tuple>;
  if constexpr (is_function_pointer<function>) {
    recipe.target = reinterpret_cast<void*>(function(fn));
  }
  recipe.fingerprint = fingerprint_of<call_arguments<tuple>>();
  put_arguments(recipe, std::make_shared<const call_arguments<tuple>>(
                            port.replies(), call, tuple(std::forward<Args>(args)...)));
  port.begin(call, options, std::move(recipe));
}

/// A call whose end a future is told; then it is gone.
template <class R>
class promised_reply final : public call_continuation {
 public:
  bool replied(std::span<const std::byte> bytes, message_endpoints& names) override {
    reply_value<R> reply{};
    if (!decode_reply(bytes, reply, names)) return false;
    const std::unique_ptr<promised_reply> all(this);
    if constexpr (std::is_void_v<R>) {
      promise.set_value();
    } else {
      promise.set_value(std::move(reply));
    }
    return true;
  }
  void failed(const call_failure& why) noexcept override {
    const std::unique_ptr<promised_reply> all(this);
    promise.set_exception(why.exception());
  }

  std::promise<R> promise;
};

struct process_call_initiation {
  template <class Handler, class F, class... Args>
  void operator()(Handler&& given, runtime& rt, const call_options& options, const F& fn,
                  Args... args) const {
    using result = typename call_types<F, Args...>::result;
    using operation = async_reply<result, std::decay_t<Handler>>;
    call_port port(rt);
    auto made = std::make_unique<operation>(std::decay_t<Handler>(std::forward<Handler>(given)),
                                            port.home());
    // Before it is under way: as for a call to a server.
    auto slot = made->slot();
    const call_ticket call = port.open(*made);
    operation* const op = made.release();
    try {
      if (slot.is_connected()) {
        slot.assign([port, call](boost::asio::cancellation_type type) mutable {
          if (type != boost::asio::cancellation_type::none) port.abort(call);
        });
      }
      begin_call(port, call, options, fn, std::move(args)...);
    } catch (...) {
      if (port.drop(call)) op->fail(std::current_exception());
    }
  }
};

template <class F, class All, std::size_t... N>
decltype(auto) async_call(runtime& rt, const call_options& options, const F& fn, All&& all,
                          std::index_sequence<N...> /*arguments*/) {
  using types = call_types<F, std::tuple_element_t<N, std::remove_cvref_t<All>>...>;
  auto& token = std::get<sizeof...(N)>(all);
  return boost::asio::async_initiate<std::remove_cvref_t<decltype(token)>,
                                     typename async_call_signature<typename types::result>::type>(
      [&rt, options, &fn](auto handler, auto... args) {
        process_call_initiation()(std::move(handler), rt, options, fn, std::move(args)...);
      },
      token, std::get<N>(std::forward<All>(all))...);
}

}  // namespace detail

template <class F, class... Args>
requires(!std::is_same_v<F, call_options>) auto runtime::call(const F& fn, Args&&... args) {
  return call(call_options{}, fn, std::forward<Args>(args)...);
}

template <class F, class... Args>
auto runtime::call(const call_options& options, const F& fn, Args&&... args) {
  using result = typename detail::call_types<F, Args...>::result;
  detail::call_port port(*this);
  auto made = std::make_unique<detail::promised_reply<result>>();
  auto future = made->promise.get_future();
  const call_ticket call = port.open(*made);
  auto* const reply = made.release();
  try {
    detail::begin_call(port, call, options, fn, std::forward<Args>(args)...);
  } catch (...) {
    if (port.drop(call)) delete reply;
    throw;
  }
  return future;
}

template <class F, class... ArgsAndToken>
requires(!std::is_same_v<F, call_options>) decltype(auto) runtime::async_call(
    const F& fn, ArgsAndToken&&... args_and_token) {
  return async_call(call_options{}, fn, std::forward<ArgsAndToken>(args_and_token)...);
}

template <class F, class... ArgsAndToken>
decltype(auto) runtime::async_call(const call_options& options, const F& fn,
                                   ArgsAndToken&&... args_and_token) {
  return detail::async_call(
      *this, options, fn,
      std::tuple<std::decay_t<ArgsAndToken>...>(std::forward<ArgsAndToken>(args_and_token)...),
      std::make_index_sequence<sizeof...(ArgsAndToken) - 1>());
}

}  // namespace bulkhead
