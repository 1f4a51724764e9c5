#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
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

/// Reads an answer as an R and hands it on; `done` takes (exception_ptr) or (exception_ptr, R).
template <class R, class Done>
call_answer answer_for(Done done) {
  return [done = std::move(done)](std::exception_ptr failed, std::span<const std::byte> value) {
    if constexpr (std::is_void_v<R>) {
      done(std::move(failed));
    } else {
      R result{};
      if (!failed && !decode_all(value, result)) {
        failed = std::make_exception_ptr(
            error(errc::corrupt, "the answer of a call is not what its function returns"));
      }
      done(std::move(failed), std::move(result));
    }
  };
}

template <class F, class... Args>
std::uint64_t begin_call(runtime& rt, const call_options& options, call_answer answer, const F& fn,
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
  call_port port(rt);
  const std::uint64_t call = port.open(std::move(answer));
  try {
    put_arguments(recipe, std::make_shared<const call_arguments<tuple>>(
                              port.replies(), call, tuple(std::forward<Args>(args)...)));
    port.begin(call, options, std::move(recipe));
  } catch (...) {
    port.drop(call);
    throw;
  }
  return call;
}

template <class R>
auto promised(const std::shared_ptr<std::promise<R>>& promise) {
  if constexpr (std::is_void_v<R>) {
    return [promise](std::exception_ptr failed) {
      if (failed) return promise->set_exception(std::move(failed));
      promise->set_value();
    };
  } else {
    return [promise](std::exception_ptr failed, R result) {
      if (failed) return promise->set_exception(std::move(failed));
      promise->set_value(std::move(result));
    };
  }
}

template <class R>
struct call_signature {
  using type = void(std::exception_ptr, R);
};
template <>
struct call_signature<void> {
  using type = void(std::exception_ptr);
};

/// Brings an answer to the handler's executor, once.
template <class Handler>
struct handed_over {
  Handler handler;
  boost::asio::any_io_executor home;

  template <class... Results>
  void operator()(Results... results) {
    const auto executor = boost::asio::get_associated_executor(handler, home);
    if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
      slot.clear();
    }
    boost::asio::dispatch(executor,
                          [handler = std::move(handler),
                           all = std::tuple<Results...>(std::move(results)...)]() mutable {
                            std::apply(std::move(handler), std::move(all));
                          });
  }
};

template <class F, class All, std::size_t... N>
decltype(auto) async_call(runtime& rt, const call_options& options, const F& fn, All&& all,
                          std::index_sequence<N...> /*arguments*/) {
  using types = call_types<F, std::tuple_element_t<N, std::remove_cvref_t<All>>...>;
  using result = typename types::result;
  auto& token = std::get<sizeof...(N)>(all);
  return boost::asio::async_initiate<std::remove_cvref_t<decltype(token)>,
                                     typename call_signature<result>::type>(
      [&rt, options, &fn](auto handler, auto... arguments) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        using keeper = handed_over<decltype(handler)>;
        const auto kept =
            std::make_shared<keeper>(keeper{std::move(handler), call_port(rt).executor()});
        auto done = [kept](auto... results) { (*kept)(std::move(results)...); };
        try {
          const std::uint64_t call =
              begin_call(rt, options, answer_for<result>(done), fn, std::move(arguments)...);
          if (slot.is_connected()) {
            slot.assign([port = call_port(rt), call](boost::asio::cancellation_type) mutable {
              port.cancel(call);
            });
          }
        } catch (...) {
          call_port(rt).fail_later(answer_for<result>(done), std::current_exception());
        }
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
  const auto promise = std::make_shared<std::promise<result>>();
  auto future = promise->get_future();
  detail::begin_call(*this, options, detail::answer_for<result>(detail::promised<result>(promise)),
                     fn, std::forward<Args>(args)...);
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
