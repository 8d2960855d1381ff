"""Addresses of the inbox."""

from django.urls import path

from gridmgmt.notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("unread.json", views.unread_json, name="unread"),
    path("read/", views.read_all, name="read_all"),
    path("<int:pk>/open/", views.open_notification, name="open"),
]
