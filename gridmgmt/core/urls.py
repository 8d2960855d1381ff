"""Addresses of the core: the door, the account, health."""

from django.urls import path

from gridmgmt.core import public_pages_page, style, views

app_name = "core"
urlpatterns = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("start/", views.start, name="start"),
    path("account/", views.account, name="account"),
    path("account/sign-out-everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("account/tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
    path("privacy/", views.privacy, name="privacy"),
    path("style/", style.StylePage.as_view(), name="style"),
    path("health/", views.health_json, name="health"),
    path("health/page/", views.health_page, name="health_page"),
    path("settings/public/", public_pages_page.settings_page, name="public_pages"),
    path("metrics", views.metrics, name="metrics"),
]
